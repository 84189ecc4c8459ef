// How much two texts, or lists of lines, share at their starts and ends.

type Text = string | readonly string[];

/** `most`: no further is looked. */
export function sameStart(a: Text, b: Text, most: number): number {
  let length = 0;
  while (length < most && a[length] === b[length]) {
    length++;
  }
  return length;
}

/** `most`: no further is looked. */
export function sameEnd(a: Text, b: Text, most: number): number {
  let length = 0;
  while (length < most && a[a.length - 1 - length] === b[b.length - 1 - length]) {
    length++;
  }
  return length;
}
