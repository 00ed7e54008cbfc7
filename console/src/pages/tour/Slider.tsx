import { useId } from "preact/hooks";

interface Props {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  /** The value as it is shown and read out. */
  readonly written: string;
  readonly onInput: (value: number) => void;
}

export function Slider({ label, value, min, max, step = 1, written, onInput }: Props) {
  const id = useId();
  return (
    <div class="field tour-slider">
      <span class="row spread">
        <label for={id}>{label}</label>
        <output for={id}>{written}</output>
      </span>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={written}
        onInput={(event) => onInput(Number(event.currentTarget.value))}
      />
    </div>
  );
}
