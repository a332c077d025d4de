/** The lower edge of a view: dragged, or moved with the arrow keys, it makes the view higher or lower. */

import { HEIGHT, type ViewState } from "../viewstate";

const STEP_PX = 26;

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
        from = { y: event.clientY, height };
        const grip = event.currentTarget;
        grip.onpointermove = (move) => from && state.resize(from.height + move.clientY - from.y);
        grip.onpointerup = grip.onpointercancel = () => {
          grip.onpointermove = null;
        };
      }}
      onKeyDown={(event) => {
        const by = { ArrowUp: -STEP_PX, ArrowDown: STEP_PX }[event.key];
        if (by === undefined) return;
        state.resize(height + by);
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}
