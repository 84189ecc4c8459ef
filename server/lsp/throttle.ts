/** Calls at most once an interval; the last wish to call is always granted. */
export function throttle(intervalMs: number, call: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isWanted = false;
  const pass = (): void => {
    isWanted = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (isWanted) {
        pass();
      }
    }, intervalMs);
    call();
  };
  return () => {
    if (timer === undefined) {
      pass();
    } else {
      isWanted = true;
    }
  };
}
