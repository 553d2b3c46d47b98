/**
 * Folders and files that nobody else can have changed, so that what is checked is still there when it is used: a folder
 * and all above it can be written by their owner alone, who is the user or root.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  type Stats,
} from "node:fs";
import { dirname } from "node:path";

const sticky = 0o1000;
const root = 0;

/** Why others may change what lies in this folder, or null. Throws where it cannot be looked at. */
export function unguarded(folder: string): string | null {
  const stats = lstatSync(folder);
  if (!stats.isDirectory() || !own(stats)) return `${folder} is not your own folder`;
  const inner = realpathSync(folder);
  for (let at = inner; ; at = dirname(at)) {
    const above = lstatSync(at);
    if (!own(above) && above.uid !== root) return `${at} belongs to another user`;
    // In a sticky folder, such as /tmp, each moves and removes only what is his own.
    if (byOthers(above) && (at === inner || (above.mode & sticky) === 0)) return `others can write to ${at}`;
    if (at === dirname(at)) return null;
  }
}

/** The bytes of a file that the user alone can have written, or null. No link is followed, nothing is waited for. */
export function ownBytes(path: string, most: number = Number.MAX_SAFE_INTEGER): Uint8Array | null {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    const alone = own(stats) && !byOthers(stats) && stats.nlink === 1;
    return stats.isFile() && alone && stats.size <= most ? readFileSync(file) : null;
  } finally {
    closeSync(file);
  }
}

/** Windows knows no owners by number. */
export const own = ({ uid }: Stats): boolean => process.getuid === undefined || uid === process.getuid();

/** Whether others may write there. A group that has its user's number is his alone, as Linux systems make them. */
export const byOthers = ({ mode, uid, gid }: Stats): boolean =>
  process.getuid !== undefined && (mode & (uid === gid ? 0o002 : 0o022)) !== 0;
