import { useState } from "preact/hooks";
import { createSchedule, FREQUENCIES, type Frequency, LONGEST_RETENTION } from "../../api/backups";
import { send } from "../../api/client";
import { wholeNumber } from "../../api/limits";
import { words } from "../../state/language";
import { toast } from "../../state/toasts";
import { AsCode } from "../../ui/AsCode";
import { Dialog } from "../../ui/Dialog";
import { SelectField, TextField } from "../../ui/Field";
import { FormActions } from "../../ui/FormActions";
import { Problem } from "../../ui/Problem";
import { useAction } from "../../ui/useAction";

const say = words({
  title: { en: "Back an index up regularly", ko: "인덱스 정기 백업" },
  index: { en: "Index", ko: "인덱스" },
  choose: { en: "Choose an index", ko: "인덱스를 고르세요" },
  index_empty: { en: "Choose the index to back up.", ko: "백업할 인덱스를 고르세요." },
  name: { en: "Name", ko: "이름" },
  name_empty: { en: "A schedule needs a name.", ko: "예약 이름을 입력하세요." },
  often: { en: "How often", ko: "주기" },
  daily: { en: "every day", ko: "매일" },
  weekly: { en: "every week", ko: "매주" },
  monthly: { en: "every month", ko: "매월" },
  days: { en: "Keep each backup for (days)", ko: "백업 보관 기간(일)" },
  days_wrong: { en: "A whole number from 1 to {most}.", ko: "1부터 {most}까지의 정수를 쓰세요." },
  hint: {
    en: "The first backup is made one period from now, while the server runs.",
    ko: "첫 백업은 지금부터 한 주기 뒤에, 서버가 켜져 있을 때 만듭니다.",
  },
  create: { en: "Schedule", ko: "예약" },
  created: { en: "{index} is backed up from now on.", ko: "이제부터 {index}을(를) 정기적으로 백업합니다." },
});

interface Props {
  readonly choices: readonly string[];
  readonly onClose: () => void;
  readonly onCreated: () => void;
}

export function CreateSchedule({ choices, onClose, onCreated }: Props) {
  const [index, setIndex] = useState("");
  const [name, setName] = useState("");
  const [frequency, setFrequency] = useState<Frequency>("daily");
  const [days, setDays] = useState("30");
  const [tried, setTried] = useState(false);
  const action = useAction();
  const kept = wholeNumber(days, 1, LONGEST_RETENTION);
  const call = createSchedule(index, name.trim(), frequency, kept ?? 0);

  const create = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (!index || !name.trim() || kept === undefined) return;
    if (!(await action.run(async () => void (await send(call))))) return;
    toast(say("created", { index }));
    onCreated();
    onClose();
  };

  return (
    <Dialog title={say("title")} onClose={onClose}>
      <form class="stack" onSubmit={create} noValidate>
        <p class="soft">{say("hint")}</p>
        <SelectField
          label={say("index")}
          value={index}
          options={[["", say("choose")], ...choices.map((choice) => [choice, choice] as const)]}
          onInput={setIndex}
          wrong={tried && !index ? say("index_empty") : undefined}
        />
        <TextField
          label={say("name")}
          value={name}
          onInput={setName}
          wrong={tried && !name.trim() ? say("name_empty") : undefined}
          autocomplete="off"
        />
        <div class="columns">
          <SelectField
            label={say("often")}
            value={frequency}
            options={FREQUENCIES.map((frequency) => [frequency, say(frequency)] as const)}
            onInput={(frequency) => setFrequency(frequency as Frequency)}
          />
          <TextField
            label={say("days")}
            value={days}
            onInput={setDays}
            wrong={kept === undefined ? say("days_wrong", { most: LONGEST_RETENTION }) : undefined}
            autocomplete="off"
          />
        </div>
        {index && kept !== undefined && <AsCode call={call} />}
        {action.error !== undefined && <Problem error={action.error} />}
        <FormActions submit={say("create")} disabled={action.busy} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
