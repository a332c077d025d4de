/** The lower edge of a view: dragged, or moved with the arrow keys, it makes the view higher or lower. */

import { HEIGHT, type ViewState } from "../viewstate";

const STEP_PX = 26;

/** What stands above it may be lower than it is allowed to be. */
const seen = (grip: HTMLElement) => (grip.previousElementSibling as HTMLElement).offsetHeight;

export function Grip({ state }: { state: ViewState }) {
  const height = state.height.value;
  let from: { y: number; height: number } | null = null;
  return (
    <div
      class="grip"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height"
      aria-valuenow={height}
      aria-valuemin={HEIGHT.least}
      aria-valuemax={HEIGHT.most}
      title="Drag to change the height"
      tabIndex={0}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const grip = event.currentTarget;
        from = { y: event.clientY, height: seen(grip) };
        grip.onpointermove = (move) => from && state.resize(from.height + move.clientY - from.y);
        grip.onpointerup = grip.onpointercancel = () => {
          grip.onpointermove = null;
        };
      }}
      onKeyDown={(event) => {
        const by = { ArrowUp: -STEP_PX, ArrowDown: STEP_PX }[event.key];
        if (by === undefined) return;
        state.resize(seen(event.currentTarget) + by);
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}
