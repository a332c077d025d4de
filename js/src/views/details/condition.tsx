/** A condition: what it asks, a form for the answer, and what was answered. */

import { useSignal } from "@preact/signals";
import { answerOf } from "../../answers";
import { time, timestamp } from "../../format";
import { isTerminal } from "../../phases";
import type { Condition } from "../../sights";
import { useNow, useView } from "../context";
import { Markdown } from "../markdown";

interface Props {
  action: string;
  condition: Condition;
  phase: number;
}

export function ConditionForm({ action, condition, phase }: Props) {
  const now = useNow();
  const { prompt, format, description, answered, answer, by, at, deadline, type } = condition;
  const open = !answered && !isTerminal(phase);
  return (
    <section class={open ? "condition open" : "condition"} aria-label="Condition">
      <div class="prompt">
        {format === "markdown" ? <Markdown text={prompt} /> : <p>{prompt || "It waits for an answer."}</p>}
      </div>
      {description && <p class="dim">{description}</p>}
      {answered && (
        <p>
          Answered <b class="answer">{answer}</b>
          {by && ` by ${by}`}
          {at !== null && (
            <span class="dim" title={timestamp(at)}>
              {" "}
              at {time(at, now)}
            </span>
          )}
          .
        </p>
      )}
      {!answered && isTerminal(phase) && <p class="dim">It was not answered.</p>}
      {open && deadline !== null && (
        <p class="dim" title={timestamp(deadline)}>
          Until {time(deadline, now)}.
        </p>
      )}
      {open && type !== "" && <Form action={action} type={type} />}
      {open && type === "" && <p class="dim">It cannot be answered from here.</p>}
    </section>
  );
}

function Form({ action, type }: { action: string; type: string }) {
  const { asks, link, store } = useView();
  const ask = asks.get(`signal ${action}`);
  const text = useSignal("");
  const why = useSignal("");
  const send = (event: Event) => {
    event.preventDefault();
    const answer = answerOf(type, text.value);
    why.value = answer.why ?? "";
    if (answer.why !== undefined) return;
    ask.follow(link.request("signal", { run: store.key, action, value: answer.value }));
  };
  const taken = ask.stage.value === "accepted";
  const set = (value: string) => {
    text.value = value;
    why.value = "";
  };
  return (
    <form
      class="answer-form"
      onSubmit={send}
      onKeyDown={(event) => event.key !== "Escape" && event.stopPropagation()}
    >
      {type === "bool" ? (
        <span role="radiogroup" aria-label="Answer" class="choice">
          {["true", "false"].map((value) => (
            <label key={value}>
              <input
                type="radio"
                name={`answer-${action}`}
                value={value}
                checked={text.value === value}
                onChange={() => set(value)}
              />
              {value === "true" ? "True" : "False"}
            </label>
          ))}
        </span>
      ) : (
        <input
          class="field"
          type="text"
          inputMode={type === "int" ? "numeric" : type === "float" ? "decimal" : "text"}
          aria-label={`Answer (${type})`}
          aria-invalid={why.value !== ""}
          placeholder={type}
          value={text}
          onInput={(event) => set(event.currentTarget.value)}
        />
      )}
      <button type="submit" class="button primary" disabled={ask.waiting || taken}>
        Signal
      </button>
      <span class={ask.stage.value === "failed" || why.value ? "outcome bad" : "outcome"} role="status">
        {why.value || ask.words("Signalled, waiting for the run…")}
      </span>
    </form>
  );
}
