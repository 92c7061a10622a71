const COUNT = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A count with thousands separated: `1,048,576`. */
export function formatCount(count: number): string {
  return COUNT.format(count);
}

/** A count with its noun: `1 frame`, `2 frames`. */
export function formatNumberOf(count: number, singular: string, plural: string = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

function significant(value: number): string {
  return value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** Bytes in decimal units, as links and captures count them: `999 B`, `1.46 kB`, `100 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) {
    return `${bytes} B`;
  }
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${significant(value)} ${units[unit]}`;
}

/** A rate of bytes per second in bits per second, as links are specified: `1.00 Mbit/s`. */
export function formatBitRate(bytes: number, microseconds: number): string {
  if (microseconds <= 0) {
    return '-';
  }
  let value = (bytes * 8e6) / microseconds;
  const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'];
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value.toFixed(0) : significant(value)} ${units[unit]}`;
}

/** A length of time given in microseconds, with three figures: `12 µs`, `1.50 ms`, `2.00 s`, `1 min 05 s`. */
export function formatDuration(microseconds: number): string {
  if (microseconds < 0) {
    return `-${formatDuration(-microseconds)}`;
  }
  if (microseconds < 999.5) {
    return `${Math.round(microseconds)} µs`;
  }
  if (microseconds < 999_500) {
    return `${significant(microseconds / 1000)} ms`;
  }
  if (microseconds < 59_995_000) {
    return `${significant(microseconds / 1e6)} s`;
  }
  const seconds = Math.round(microseconds / 1e6);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  }
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** A moment of the lab in seconds with microseconds, as captures show it: `12.000345`. */
export function formatTimestamp(microseconds: number): string {
  return (microseconds / 1e6).toFixed(6);
}

/** A share of a whole as people write it: `5 %`, `0.10 %`. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) {
    return '-';
  }
  const percent = (part * 100) / whole;
  return `${percent === 0 || percent >= 10 ? percent.toFixed(0) : percent.toFixed(percent >= 1 ? 1 : 2)} %`;
}
