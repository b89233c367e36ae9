// Where the marks of the chart's axes stand. Pure.
/** Marks of the time axis: now, and as many round minutes before and after as have room. */
export function splitsOf(minMinutes: number, maxMinutes = 0): number[] {
  const span = maxMinutes - minMinutes;
  const step = span > 5 ? 5 : span > 2.5 ? 2 : 1;
  const marks: number[] = [];
  for (let minute = 0; minute >= minMinutes - 0.001; minute -= step) marks.unshift(minute);
  for (let minute = step; minute <= maxMinutes + 0.001; minute += step) marks.push(minute);
  return marks;
}

/** Marks of the temperature axis, every 5 degrees or every 10 when there are many. */
export function degreesOf(low: number, high: number): number[] {
  const step = high - low > 35 ? 10 : 5;
  const marks: number[] = [];
  for (let mark = Math.ceil(low / step) * step; mark <= high; mark += step) marks.push(mark);
  return marks;
}
