/** The log of one action and nothing else. */

import type { Details } from "../../sights";
import { useView } from "../context";
import { AttemptChoice, useAttempts } from "../details/attempt";
import { useSight } from "../sight";
import { Log } from "./log";

export function LogAlone() {
  const { link, state } = useView();
  const welcome = link.welcome.value;
  const action = welcome?.action || "a0";
  if (welcome && !state.begun) {
    state.begun = true;
    if (welcome.attempt !== null) state.attempts.value = { [action]: welcome.attempt };
  }
  const attempts = useAttempts(action, useSight<Details>("details", action));
  const { attempt } = attempts;
  if (!welcome) return null;
  const height = welcome.height ?? state.height.value;
  return (
    <section class="run alone" aria-label={welcome.title} style={{ height: `${height}px` }}>
      <div class="pane-head">
        <b class="label">{welcome.title}</b>
        <span class="gap" />
        <AttemptChoice action={action} {...attempts} />
      </div>
      <Log key={String(attempt)} action={action} attempt={attempt} />
    </section>
  );
}
