// Numbers, sizes, durations and dates for people. Without a locale: the view's language.

/** `12,345` */
export function formatCount(value: number, locale?: string): string {
  return decimal(value, 0, locale);
}

/** One digit after the point below ten, none above. */
export function formatRate(value: number, locale?: string): string {
  return decimal(value, value < 10 ? 1 : 0, locale);
}

/** `0.42 s`, `3.1 s`, `42 s`, `1 min 15 s` */
export function formatDuration(ms: number, locale?: string): string {
  const seconds = ms / 1000;
  if (Math.round(seconds) >= 60) {
    const whole = Math.round(seconds);
    return `${formatCount(Math.floor(whole / 60), locale)} min ${whole % 60} s`;
  }
  const digits = seconds < 1 ? 2 : seconds < 10 ? 1 : 0;
  return `${decimal(seconds, digits, locale)} s`;
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `512 B`, `1.5 KiB`, `20 MiB` */
export function formatBytes(bytes: number, locale?: string): string {
  let value = bytes;
  let unit = 0;
  // What would be rounded to 1024 of a unit is one of the next.
  while (value >= 1023.5 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && value < 10 ? 1 : 0;
  return `${decimal(value, digits, locale)} ${byteUnits[unit] ?? ''}`;
}

/** A share of one as `34 %`; what is more than nothing is not shown as nothing. */
export function formatShare(share: number, locale?: string): string {
  if (share > 0 && share < 0.005) {
    return '< 1 %';
  }
  return `${decimal(share * 100, 0, locale)} %`;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** `now`, `5 minutes ago`, `yesterday`; a date when it is more than a week ago. */
export function formatDate(then: number, now: number, locale?: string): string {
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const ago = Math.max(0, now - then);
  if (ago < minuteMs) {
    return relative.format(0, 'second');
  }
  if (ago < hourMs) {
    return relative.format(-Math.floor(ago / minuteMs), 'minute');
  }
  if (ago < dayMs) {
    return relative.format(-Math.floor(ago / hourMs), 'hour');
  }
  if (ago < 7 * dayMs) {
    return relative.format(-Math.floor(ago / dayMs), 'day');
  }
  return new Intl.DateTimeFormat(locale ?? viewLanguage(), { dateStyle: 'medium' }).format(then);
}

function decimal(value: number, digits: number, locale: string | undefined): string {
  return new Intl.NumberFormat(locale ?? viewLanguage(), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** VS Code's, which need not be the browser's. */
function viewLanguage(): string | undefined {
  return typeof document === 'undefined' ? undefined : document.documentElement.lang || undefined;
}
