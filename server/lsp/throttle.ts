/** Calls at most once an interval, the last value always among them. */
export function throttle<T>(intervalMs: number, call: (value: T) => void): (value: T) => void {
  let waiting: { value: T } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const pass = (value: T): void => {
    waiting = undefined;
    timer = setTimeout(() => {
      timer = undefined;
      if (waiting !== undefined) {
        pass(waiting.value);
      }
    }, intervalMs);
    call(value);
  };
  return (value) => {
    if (timer === undefined) {
      pass(value);
    } else {
      waiting = { value };
    }
  };
}
