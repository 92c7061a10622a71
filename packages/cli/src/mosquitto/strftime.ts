const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const two = (value: number): string => String(value).padStart(2, '0');

/** `+0100`: the zone's distance from UTC at that moment. */
function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

function dayOfYear(date: Date): number {
  return Math.round(
    (Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - Date.UTC(date.getFullYear(), 0, 0)) / 864e5,
  );
}

/**
 * One conversion of strftime(3) in the local time zone and the C locale, with mosquitto_sub's `N` (nanoseconds) and two
 * names for its own stamps: `I8601` (%I) and `tst` (the JSON member).
 * @param time microseconds since 1970
 */
export function formatTime(letter: string, time: number): string {
  const date = new Date(Math.floor(time / 1000));
  const each = (letters: string): string =>
    [...letters].map((one) => (/[a-zA-Z]/.test(one) ? formatTime(one, time) : one)).join('');
  switch (letter) {
    case 'Y':
      return String(date.getFullYear());
    case 'y':
      return two(date.getFullYear() % 100);
    case 'C':
      return two(Math.floor(date.getFullYear() / 100));
    case 'm':
      return two(date.getMonth() + 1);
    case 'd':
      return two(date.getDate());
    case 'e':
      return String(date.getDate()).padStart(2, ' ');
    case 'j':
      return String(dayOfYear(date)).padStart(3, '0');
    case 'H':
      return two(date.getHours());
    case 'I':
      return two(((date.getHours() + 11) % 12) + 1);
    case 'M':
      return two(date.getMinutes());
    case 'S':
      return two(date.getSeconds());
    case 'p':
      return date.getHours() < 12 ? 'AM' : 'PM';
    case 'a':
      return DAYS[date.getDay()].slice(0, 3);
    case 'A':
      return DAYS[date.getDay()];
    case 'b':
    case 'h':
      return MONTHS[date.getMonth()].slice(0, 3);
    case 'B':
      return MONTHS[date.getMonth()];
    case 'u':
      return String(date.getDay() === 0 ? 7 : date.getDay());
    case 'w':
      return String(date.getDay());
    case 'z':
      return zone(date);
    case 's':
      return String(Math.floor(time / 1e6));
    case 'N':
      return String(Math.floor(time % 1e6) * 1000).padStart(9, '0');
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'F':
      return each('Y-m-d');
    case 'T':
      return each('H:M:S');
    case 'R':
      return each('H:M');
    case 'D':
    case 'x':
      return each('m/d/y');
    case 'X':
      return each('H:M:S');
    case 'c':
      return each('a b e H:M:S Y');
    case 'I8601':
      return `${each('Y-m-d')}T${each('H:M:S')}${zone(date)}`;
    case 'tst':
      return `${each('Y-m-d')}T${each('H:M:S')}.${String(Math.floor(time % 1e6)).padStart(6, '0')}Z${zone(date)}`;
    default:
      return `%${letter}`;
  }
}
