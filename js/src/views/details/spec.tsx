/** How an action is to run: task, image, resources, environment. */

import type { Spec } from "../../sights";
import { useSight } from "../sight";
import { Nothing, type TabProps } from "./pane";

export function SpecTab({ action }: TabProps) {
  const spec = useSight<Spec>("spec", action);
  const sections = spec.value?.sections ?? [];
  if (sections.length === 0) return <Nothing sight={spec}>There is no specification.</Nothing>;
  return (
    <>
      {sections.map(({ title, rows }) => (
        <section key={title} class="side" aria-label={title}>
          <h4>{title}</h4>
          <dl class="facts-list">
            {rows.map(([key, text], i) => (
              <div key={i}>
                <dt>{key}</dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </>
  );
}
