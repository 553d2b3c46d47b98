import { describe, expect, test } from "vitest";
import { decodeText, printable } from "./text.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("decodeText", () => {
  test("UTF-8 comes out as it is, line ends as \\n, without a byte order mark", () => {
    expect(decodeText(bytesOf("\uFEFFnaïve 鯨 🐋\r\nline\rend\ffin"), "a.txt")).toBe(
      "naïve 鯨 🐋\nline\nend\nfin",
    );
  });

  test.each([
    ["an empty file", new Uint8Array(0), /a\.txt: expected text in UTF-8, got an empty file\. Give/],
    ["white space alone", bytesOf(" \n\t\n"), /nothing but white space/],
    ["a zero byte", Uint8Array.of(0x41, 0x00, 0x42), /binary data \(a zero at byte 1\)/],
    ["a control character", bytesOf("red \u001b[31m"), /binary data \(control character 0x1b\)/],
    ["UTF-16", Uint8Array.of(0xff, 0xfe, 0x41, 0x00), /got UTF-16\. Save it as UTF-8/],
    ["Latin-1", Uint8Array.of(0x6e, 0x61, 0xef, 0x76, 0x65), /0xef at byte 2.*iconv/],
    ["a character cut off at the end", Uint8Array.of(0x6e, 0xe2, 0x80), /0xe2 at byte 1/],
  ])("%s is refused in one line that says what to do", (_, bytes, message) => {
    expect(() => decodeText(bytes, "a.txt")).toThrow(message);
    expect(() => decodeText(bytes, "a.txt")).toThrow(/^[^\n]*$/);
  });
});

test("printable leaves text, tabs and line ends and replaces what steers a terminal", () => {
  expect(printable("a\tb\nc\u001b[2J\u009b\u007f")).toBe("a\tb\nc\uFFFD[2J\uFFFD\uFFFD");
});
