import { useState } from "preact/hooks";
import { bytes, words } from "../../state/language";
import { TextField } from "../../ui/Field";
import type { Settings } from "./settings";

const say = words({
  picture: { en: "Picture", ko: "사진" },
  chosen: { en: "The picture to search by", ko: "검색할 사진" },
  most: {
    en: "{size} is more than the {most} that are sent. Take a smaller copy.",
    ko: "{size}입니다. {most}까지 보낼 수 있으니 더 작은 사본을 쓰세요.",
  },
  text: { en: "And a text, if you like", ko: "텍스트도 함께 (선택)" },
  hint: {
    en: "The vectors of both count the same. The picture goes to this server only, and into no address.",
    ko: "사진과 텍스트의 벡터를 같은 비중으로 합칩니다. 사진은 이 서버로만 보내고 주소에는 남지 않습니다.",
  },
});

/** A request with the base64 of it stays below the usual limit of a body. */
const MOST = 1_400_000;

interface Props {
  readonly settings: Settings;
  readonly onChange: (changed: Partial<Settings>) => void;
  readonly image: string;
  readonly onImage: (picture: string) => void;
  readonly wrong: string | undefined;
}

/** A picture to search by, and a text beside it. */
export function ImageInput({ settings, onChange, image, onImage, wrong }: Props) {
  const [large, setLarge] = useState<number>();
  const take = (file: File | undefined) => {
    setLarge(file && file.size > MOST ? file.size : undefined);
    if (!file || file.size > MOST) return onImage("");
    const reader = new FileReader();
    reader.onload = () => onImage(String(reader.result));
    reader.readAsDataURL(file);
  };
  const problem = large === undefined ? wrong : say("most", { size: bytes(large), most: bytes(MOST) });
  return (
    <>
      <label class="field">
        <span>{say("picture")}</span>
        <input
          class="input"
          type="file"
          accept="image/*"
          aria-invalid={problem ? "true" : undefined}
          onChange={(event) => take(event.currentTarget.files?.[0])}
        />
      </label>
      {problem && <p class="search-wrong">{problem}</p>}
      {image && <img class="thumbnail" src={image} alt={say("chosen")} />}
      <TextField
        label={say("text")}
        hint={say("hint")}
        value={settings.text}
        onInput={(text) => onChange({ text })}
        autocomplete="off"
      />
    </>
  );
}
