// Where the marks of the chart's axes stand. Pure.
/** Marks of the time axis: now, and as many round minutes as have room. */
export function splitsOf(minMinutes: number): number[] {
  const step = minMinutes < -5 ? 5 : minMinutes < -2.5 ? 2 : 1;
  const marks: number[] = [];
  for (let minute = 0; minute >= minMinutes - 0.001; minute -= step) marks.unshift(minute);
  return marks;
}

/** Marks of the temperature axis, every 5 degrees or every 10 when there are many. */
export function degreesOf(low: number, high: number): number[] {
  const step = high - low > 35 ? 10 : 5;
  const marks: number[] = [];
  for (let mark = Math.ceil(low / step) * step; mark <= high; mark += step) marks.push(mark);
  return marks;
}
