import { words } from "../../../state/language";
import { CheckField } from "../../../ui/Field";
import { mayDo, ROLES } from "./roles";

const say = words({ roles: { en: "Roles", ko: "역할" } });

interface Props {
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
  readonly wrong?: string | undefined;
}

export function RoleChoice({ chosen, onChange, wrong }: Props) {
  return (
    <fieldset class="field">
      <legend>{say("roles")}</legend>
      <div class="operate-roles">
        {ROLES.map((role) => (
          <div key={role}>
            <CheckField
              label={role}
              checked={chosen.includes(role)}
              onInput={(on) => onChange(ROLES.filter((one) => (one === role ? on : chosen.includes(one))))}
            />
            <p class="soft small">{mayDo(role)}</p>
          </div>
        ))}
      </div>
      {wrong && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
    </fieldset>
  );
}
