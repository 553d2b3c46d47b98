/** What is asked of the machine's own C compiler; `#native` is the module that answers. */

/** A compiler that works here. */
export interface Compiler {
  /** For people: name and version. */
  readonly description: string;
  /** float32 in the widest vector of this machine, and how many vector registers there are. */
  readonly lanes: number;
  readonly registers: number;
}
/** Why there is no native device here, and what would bring it. */
export interface Missing {
  readonly missing: string;
  readonly fix: string;
}
