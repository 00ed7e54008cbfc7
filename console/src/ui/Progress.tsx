/** How far something is, 0 to 100, as a bar that is told to screen readers. */
export function Progress({ label, percent }: { label: string; percent: number }) {
  const shown = Math.min(100, Math.max(0, percent));
  return (
    <div
      class="meter"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(shown)}
    >
      <span style={{ width: `${shown}%` }} />
    </div>
  );
}
