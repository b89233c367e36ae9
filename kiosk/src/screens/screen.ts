// What a screen is: the main region and the actions of the foot, both drawn from the snapshot. The frame
// around them (top bar, alarm strip, STOP) is never rebuilt when the screen changes.
import type { FunctionComponent } from "preact";
import type { Snapshot, VisitView } from "../wire";

export interface ScreenProps {
  now: Snapshot;
}
export interface VisitProps {
  now: Snapshot;
  visit: VisitView;
}
export interface Screen {
  Body: FunctionComponent<ScreenProps>;
  Actions: FunctionComponent<ScreenProps>;
}
