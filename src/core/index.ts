/** The entry `unroll-rnn/core`: the compiler's own vocabulary. Nothing inside src/ imports this file. */

export {};
