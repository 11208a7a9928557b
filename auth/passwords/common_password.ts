import { COMMON_WORDS } from "./common_words.ts";

/** Signs that stand for letters. */
const STAND_INS: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  "$": "s",
  "!": "i",
};
/** So many digits and signs around words make no secret of them. */
const TRIMMINGS = 6;
const LONGEST_WORD = Math.max(...[...COMMON_WORDS].map((word) => word.length));

/**
 * Whether a password is one or two common words, written with digits and signs as people do: `Password1234!`,
 * `p@ssw0rdp@ssw0rd`, `admin-letmein-99`.
 */
export function isCommon(password: string): boolean {
  const lower = password.toLowerCase();
  const spelled = lower.replaceAll(/[013457@$!]/g, (sign) => STAND_INS[sign] ?? sign);
  return [lower, spelled, trimmed(lower).replaceAll(/[013457@$!]/g, (sign) => STAND_INS[sign] ?? sign)]
    .some(isMadeOfWords);
}

function isMadeOfWords(text: string): boolean {
  const letters = text.replaceAll(/[^a-z]/g, "");
  return letters.length > 0 && text.length - letters.length <= TRIMMINGS && isFewWords(letters, new Set());
}

/** Whether the text is nothing but common words, of at most two kinds. */
function isFewWords(text: string, used: ReadonlySet<string>): boolean {
  if (text === "") return true;
  for (let end = Math.min(text.length, LONGEST_WORD); end >= 3; end--) {
    const word = text.slice(0, end);
    if (!COMMON_WORDS.has(word)) continue;
    const words = new Set([...used, word]);
    if (words.size <= 2 && isFewWords(text.slice(end), words)) return true;
  }
  return false;
}

/** Without the digits and signs at its ends, which are no letters in disguise. */
function trimmed(text: string): string {
  return text.replace(/^[^a-z]+/, "").replace(/[^a-z]+$/, "");
}
