const [WIDTH, HEIGHT] = [96, 22];

/** The shape of some values, drawn small. The figures stand beside it. */
export function Sparkline({ values }: { values: readonly (number | null)[] }) {
  const known = values.filter((value) => value !== null && Number.isFinite(value)) as number[];
  const [low, high] = [Math.min(0, ...known), Math.max(...known, 0)];
  const x = (at: number) => (values.length > 1 ? (at / (values.length - 1)) * (WIDTH - 2) + 1 : WIDTH / 2);
  const y = (value: number) => HEIGHT - 2 - (high > low ? ((value - low) / (high - low)) * (HEIGHT - 4) : 0);
  const points = values.flatMap((value, at) => (value === null ? [] : [`${x(at).toFixed(1)},${y(value).toFixed(1)}`]));
  return (
    <svg class="operate-spark" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      {points.length > 1 && <polyline points={points.join(" ")} fill="none" stroke-width="1.5" />}
    </svg>
  );
}
