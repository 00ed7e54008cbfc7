import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Around {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly wrong?: string | undefined;
}

interface Common extends Around {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly placeholder?: string;
  readonly disabled?: boolean;
  readonly autocomplete?: "off" | "on";
  readonly spellcheck?: boolean;
  readonly mono?: boolean;
}
type InputProps = Common & {
  type?: "text" | "password" | "number" | "search";
  min?: number;
  max?: number;
  step?: number | "any";
};
type AreaProps = Common & { rows?: number };
type SelectProps = Around & {
  readonly value: string;
  readonly options: ReadonlyArray<readonly [value: string, text: string]>;
  readonly onInput: (value: string) => void;
  readonly disabled?: boolean;
};

/** A labelled input, with a hint and what is wrong with it, both told to screen readers. */
export function TextField({ label, hint, wrong, onInput, mono = false, type = "text", ...rest }: InputProps) {
  return (
    <Labelled label={label} hint={hint} wrong={wrong}>
      {(ids) => (
        <input
          class={mono ? "input mono" : "input"}
          {...rest}
          {...ids}
          // A literal type is what the types of HTML want.
          {...({ type } as { type: "text" })}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Labelled>
  );
}

export function TextArea({ label, hint, wrong, onInput, mono = false, ...rest }: AreaProps) {
  return (
    <Labelled label={label} hint={hint} wrong={wrong}>
      {(ids) => (
        <textarea
          class={mono ? "input mono" : "input"}
          {...rest}
          {...ids}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Labelled>
  );
}

export function SelectField({ label, hint, wrong, value, options, onInput, disabled = false }: SelectProps) {
  return (
    <Labelled label={label} hint={hint} wrong={wrong}>
      {(ids) => (
        <select
          class="input"
          {...ids}
          value={value}
          disabled={disabled}
          onChange={(event) => onInput(event.currentTarget.value)}
        >
          {options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

export function CheckField(props: {
  label: string;
  checked: boolean;
  onInput: (checked: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={props.checked}
        disabled={props.disabled ?? false}
        onChange={(event) => props.onInput(event.currentTarget.checked)}
      />
      <span>{props.label}</span>
    </label>
  );
}

interface Ids {
  readonly id: string;
  readonly "aria-describedby"?: string;
  readonly "aria-invalid"?: "true";
}

function Labelled({ label, hint, wrong, children }: Around & { children: (ids: Ids) => ComponentChildren }) {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", wrong ? `${id}-wrong` : ""].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        ...(described ? { "aria-describedby": described } : {}),
        ...(wrong ? { "aria-invalid": "true" as const } : {}),
      })}
      {hint && (
        <div id={`${id}-hint`} class="soft small">
          {hint}
        </div>
      )}
      {wrong && (
        <div id={`${id}-wrong`} class="wrong">
          {wrong}
        </div>
      )}
    </div>
  );
}
