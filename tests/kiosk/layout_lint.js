// Runs in the page: what a careful eye would find at fault in the layout, as sentences. Rules from
// sources.md kiosk 3.2 and 5.2: targets in mm by what a finger really hits, letters in mm, nothing cut,
// covered, overlapping or outside; words of a button on one line; STOP large and alone.
(mm) => {
  const bad = [];
  const LETTER_MM = 2.95; // 18 px on the 10-inch panel is 3.05
  const TARGET_MM = 12;
  const words = (e) => (e.textContent || e.ariaLabel || e.className).trim().slice(0, 30);
  const isSeen = (e) => e.checkVisibility() && e.getBoundingClientRect().width > 0 && !e.closest("[inert]");
  const hits = (e, x, y) => {
    const top = document.elementFromPoint(x, y);
    return top !== null && e.contains(top);
  };
  const reach = (e, x, y, dx, dy) => {
    const STEP = 2;
    let far = 0;
    while (far < TARGET_MM * mm && hits(e, x + dx * (far + STEP), y + dy * (far + STEP))) far += STEP;
    return far + STEP / 2;
  };
  for (const e of document.querySelectorAll("button")) {
    if (!isSeen(e)) continue;
    const r = e.getBoundingClientRect();
    const [x, y] = [r.x + r.width / 2, r.y + r.height / 2];
    if (!hits(e, x, y)) {
      bad.push(`covered: ${words(e)}`);
      continue;
    }
    const wide = reach(e, x, y, 1, 0) + reach(e, x, y, -1, 0);
    const high = reach(e, x, y, 0, 1) + reach(e, x, y, 0, -1);
    const short = Math.min(wide, high) / mm;
    // Scanned in steps: a third of a millimetre is noise.
    if (short < TARGET_MM - 0.35) bad.push(`small target ${short.toFixed(1)} mm: ${words(e)}`);
  }
  const clipOf = (e) => {
    let at = e;
    while (at && (at instanceof SVGElement || getComputedStyle(at).overflowX === "visible")) at = at.parentElement;
    return at;
  };
  const texts = [];
  const range = document.createRange();
  for (const e of document.querySelectorAll(".app *")) {
    if (!isSeen(e)) continue;
    const r = e.getBoundingClientRect();
    const isDrawn = e instanceof SVGElement;
    if (!isDrawn && (r.right > innerWidth + 1 || r.bottom > innerHeight + 1)) bad.push(`outside: ${words(e)}`);
    const own = [...e.childNodes].filter((n) => n.nodeType === 3 && n.data.trim());
    if (!own.length) continue;
    const scale = isDrawn ? e.getScreenCTM().a : 1;
    const size = parseFloat(getComputedStyle(e).fontSize) * scale;
    if (size < LETTER_MM * mm) bad.push(`small text ${(size / mm).toFixed(2)} mm: ${words(e)}`);
    const clip = clipOf(e)?.getBoundingClientRect();
    const home = e.closest(".btn, .chip, .choice, .tile, .person, .answer, .card, .panel, .pill, .stop, .top, .strip, .foot");
    const frame = home?.getBoundingClientRect();
    for (const node of own) {
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      const lines = new Set([...range.getClientRects()].map((one) => Math.round(one.top / 4)));
      if (e.closest(".btn") && lines.size > 1) bad.push(`wrapped in a button: ${words(e)}`);
      if (frame && (box.right > frame.right + 1 || box.bottom > frame.bottom + 1 || box.left < frame.left - 1))
        bad.push(`runs out of its box: ${words(e)}`);
      if (clip && (box.right > clip.right + 1 || box.bottom > clip.bottom + 1)) bad.push(`cut: ${words(e)}`);
      for (const line of range.getClientRects()) texts.push({ e, box: line });
    }
  }
  const over = ".scrim, .notice, .lost";
  for (let i = 0; i < texts.length; i += 1)
    for (let j = i + 1; j < texts.length; j += 1) {
      const [a, b] = [texts[i], texts[j]];
      if (a.e === b.e) continue;
      if (Boolean(a.e.closest(over)) !== Boolean(b.e.closest(over))) continue;
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      if (across > 2 && down > 6) bad.push(`overlap: ${words(a.e)} / ${words(b.e)}`);
    }
  const stop = document.querySelector(".stop");
  const s = stop.getBoundingClientRect();
  if (s.width < 60 * mm || s.height < 15 * mm) bad.push("STOP is too small");
  for (const u of [0.05, 0.5, 0.95])
    for (const v of [0.12, 0.5, 0.88])
      if (!hits(stop, s.x + u * s.width, s.y + v * s.height)) bad.push(`STOP is covered at ${u}, ${v}`);
  for (const e of document.querySelectorAll("button")) {
    if (e === stop || !isSeen(e)) continue;
    const r = e.getBoundingClientRect();
    const gap = Math.max(s.left - r.right, r.left - s.right, s.top - r.bottom, r.top - s.bottom);
    if (gap < 3 * mm - 0.5 && !e.closest(".scrim, .content")) bad.push(`nearer than 3 mm to STOP: ${words(e)}`);
  }
  return [...new Set(bad)];
}
