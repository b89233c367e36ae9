// A button that must be held. Pure timing: begins, completes once after its time, or is cancelled by
// whatever ends the touch. Knows nothing of pointers or pictures; parts/HoldButton.tsx does.
export const HOLD_MS = 1200; // [P] sources.md kiosk 5.6

export class HoldTimer {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly onChange: (isHeld: boolean) => void,
    private readonly onDone: () => void,
  ) {}

  /** The finger is down. A second finger changes nothing. */
  begin(): void {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.cancel();
      this.onDone();
    }, HOLD_MS);
    this.onChange(true);
  }

  /** The finger left, in whatever way. */
  cancel(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.onChange(false);
  }
}
