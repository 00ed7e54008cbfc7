/** Code for eyes: long lists of numbers are cut. What is copied is whole. */
export function shortened(code: string): string {
  return code.replace(/\[(?:\s*-?[\d.eE+-]+\s*,){24,}\s*-?[\d.eE+-]+\s*\]/g, (list) => {
    const numbers = list.slice(1, -1).split(",");
    return `[${numbers.slice(0, 4).join(",")}, … ${numbers.length - 4} more]`;
  });
}
