/** What a person types as the answer to a condition, as a value of its type. */

export type Answer = { value: boolean | number | string; why?: undefined } | { why: string };

const INT = /^[+-]?\d+$/;

/** The value to send, or why the text is none. */
export function answerOf(type: string, text: string): Answer {
  const typed = text.trim();
  switch (type) {
    case "bool":
      return typed === "true" || typed === "false"
        ? { value: typed === "true" }
        : { why: "Choose true or false." };
    case "int": {
      const value = Number(typed);
      if (!INT.test(typed)) return { why: "A whole number is wanted, such as 3." };
      if (!Number.isSafeInteger(value)) return { why: "This number is too large to be sent from here." };
      return { value };
    }
    case "float": {
      const value = Number(typed);
      return typed !== "" && Number.isFinite(value) ? { value } : { why: "A number is wanted, such as 0.5." };
    }
    default:
      return { value: text };
  }
}
