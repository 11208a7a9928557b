/** Rows of keys, and other orders that fingers know. */
const ROWS = ["qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "1234567890"];
/** Fewer characters that cannot be foreseen from the one before are no secret. */
const FEWEST = 6;

/**
 * Whether most characters of a password follow from the one before: `aaaaaaaaaaaa`, `123456789012`, `qwertyuiop12`,
 * `abcabcabcabc`.
 */
export function isPredictable(password: string): boolean {
  const text = password.toLowerCase();
  return surprises(text) < FEWEST || isRepetition(text);
}

/** How many characters neither repeat the one before nor go on in the direction of those before. */
function surprises(text: string): number {
  let count = 0;
  let direction: number | undefined;
  for (let i = 0; i < text.length; i++) {
    const step = i === 0 ? undefined : stepBetween(text[i - 1] ?? "", text[i] ?? "");
    if (step === 0) continue;
    if (step === undefined || (direction !== undefined && step !== direction)) count++;
    direction = step;
  }
  return count;
}

/** 0 for the same character, 1 and -1 for neighbours; `undefined` for others. */
function stepBetween(one: string, other: string): number | undefined {
  const difference = other.charCodeAt(0) - one.charCodeAt(0);
  if (Math.abs(difference) <= 1) return difference;
  for (const row of ROWS) {
    if (row.includes(one + other)) return 1;
    if (row.includes(other + one)) return -1;
  }
  return undefined;
}

/** Whether the text is one short part again and again. */
function isRepetition(text: string): boolean {
  for (let length = 1; length < Math.min(8, text.length / 2 + 1); length++) {
    const part = text.slice(0, length);
    if (part.repeat(Math.ceil(text.length / length)).slice(0, text.length) === text) return true;
  }
  return false;
}
