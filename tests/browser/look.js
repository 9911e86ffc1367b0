// What is looked at inside a page. Each function runs there, so it uses nothing from outside itself, and answers what is wrong: nothing, if all is well.

/** Scrolls through the page; answers which figures plotly.js has not drawn when they are in sight. */
export async function notDrawn() {
  const wrong = [];
  for (const figure of document.querySelectorAll("figure.rstlab-figure:has(.rstlab-drawing)")) {
    figure.scrollIntoView({ block: "center" });
    const drawn = () => {
      const box = figure.querySelector(".js-plotly-plot svg.main-svg")?.getBoundingClientRect();
      return figure.dataset.drawn === "plotly" && box?.width > 200 && box.height > 60;
    };
    for (const until = Date.now() + 10_000; !drawn() && Date.now() < until;) {
      await new Promise(requestAnimationFrame);
    }
    if (!drawn()) {
      wrong.push(`${figure.querySelector("figcaption").textContent}: ${figure.dataset.drawn}`);
    }
  }
  return wrong;
}

/** Puts the still pictures back in the place of what plotly.js has drawn, for good. */
export function keepStill() {
  delete window.Plotly;
  for (const figure of document.querySelectorAll("figure.rstlab-figure[data-drawn]")) {
    figure.querySelector(".rstlab-chart")?.remove();
    figure.dataset.drawn = "still";
  }
}

/** What a figure says at the pointer, when it has had the time to say it; nothing, if it says nothing. */
export async function hoverLabel(figure) {
  for (const until = Date.now() + 1000; Date.now() < until;) {
    const label = figure.querySelector(".hoverlayer .hovertext");
    if (label?.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && label.textContent.trim()) {
      return label.textContent;
    }
    await new Promise(requestAnimationFrame);
  }
  return "";
}

/** What a figure shows at the pointer in a colour too near to that of its box; nothing, if it can be read. */
export function faintHover(figure) {
  const label = figure.querySelector(".hoverlayer .hovertext");
  const [words, box] = [label.querySelector("text"), label.querySelector("path")].map(part => getComputedStyle(part).fill);
  const [light, dark] = [words, box].map(colour => colour.match(/[\d.]+/g).slice(0, 3).map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0)).sort((a, b) => b - a);
  const contrast = (light + 0.05) / (dark + 0.05);
  return contrast < 4.5 ? `contrast ${contrast.toFixed(2)}: ${words} on ${box}` : "";
}

/** Where the pointer can rest on a figure that has something to tell: a few points in the window, the figure being scrolled into view. */
export function hoverPoints(figure) {
  figure.scrollIntoView({ block: "center" });
  const chart = figure.querySelector(".js-plotly-plot");
  const layout = chart._fullLayout;
  const points = chart._fullData.flatMap((trace, i) => {
    const [x, y] = [layout[trace.xaxis.replace("x", "xaxis")], layout[trace.yaxis.replace("y", "yaxis")]];
    return layout.hovermode === false || trace.visible !== true || trace.hoverinfo === "skip" ? [] : chart.calcdata[i].filter(point => point.s !== 0).map(point => {
      const [left, top] = point.ct ?? [x.c2p(point.x), y.c2p(point.y)]; // of a bar: the middle of its end
      return trace.type === "bar" && trace.orientation === "h" ? [x._offset + (left + x.c2p(0)) / 2, y._offset + top]
        : [x._offset + left, y._offset + (trace.type === "bar" ? (top + y.c2p(0)) / 2 : top)];
    });
  }).filter(point => point.every(Number.isFinite));
  const box = chart.getBoundingClientRect();
  const few = Math.max(1, Math.floor(points.length / 6));
  return points.filter((_, i) => i % few === 0).map(([x, y]) => [Math.round(box.left + x), Math.round(box.top + y)])
    .filter(([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight);
}

/** Pictures and figures without a text that stands for them; tables without a name, and header cells that do not say of what. */
export function withoutWords() {
  const name = element => element.tagName + (element.id ? `#${element.id}` : "") + ` ${element.textContent.trim().slice(0, 60)}`;
  const labelled = element => element.getAttribute("aria-label")?.trim()
    || element.getAttribute("aria-labelledby")?.split(" ").some(id => document.getElementById(id)?.textContent.trim());
  const wrong = [];
  for (const figure of document.querySelectorAll("figure.rstlab-figure")) {
    for (const part of ["figcaption", ".rstlab-alt"]) {
      if (!figure.querySelector(part)?.textContent.trim()) {
        wrong.push(`figure without ${part}: ${name(figure)}`);
      }
    }
    if (figure.querySelector(".rstlab-drawing") && !figure.querySelector("table")) {
      wrong.push(`figure without its data: ${name(figure)}`);
    }
  }
  for (const image of document.querySelectorAll("img, [role=img]")) {
    if (!image.getAttribute("alt")?.trim() && !labelled(image)) {
      wrong.push(`picture without a text: ${image.outerHTML.slice(0, 100)}`);
    }
  }
  for (const svg of document.querySelectorAll(":is(header, main, footer) svg")) {
    if (!svg.closest("[aria-hidden=true], [role=img]")) {
      wrong.push(`drawing that is neither named nor hidden: ${svg.outerHTML.slice(0, 100)}`);
    }
  }
  for (const table of document.querySelectorAll("table")) {
    if (!table.caption?.textContent.trim() && !labelled(table)) {
      wrong.push(`table without a name: ${name(table)}`);
    }
    if (!table.querySelector("th")) {
      wrong.push(`table without header cells: ${name(table)}`);
    }
    for (const cell of table.querySelectorAll("th:not([scope])")) {
      wrong.push(`header cell without scope: ${name(cell)}`);
    }
  }
  return wrong;
}

/** Whether the page is in light or in dark colours. */
export function scheme() {
  const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g);
  return (Number(red) + Number(green) + Number(blue)) / 3 > 128 ? "light" : "dark";
}

/** Words in drawings whose contrast is below 4.5 to what is behind them; axe does not look into SVG. */
export function faintLabels() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return { parts: [red, green, blue], alpha: alpha / 255 };
  };
  const luminance = colour => colour.map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const over = (colour, opacity, below) => {
    const { parts, alpha } = rgb(colour);
    return parts.map((part, i) => part * opacity * alpha + below[i] * (1 - opacity * alpha));
  };
  const opacityOf = element => element ? Number(getComputedStyle(element).opacity) * opacityOf(element.parentElement) : 1;
  const colourOf = area => {
    const { fill } = getComputedStyle(area);
    const hatching = fill.match(/url\("(#.*)"\)/)?.[1];
    return hatching ? getComputedStyle(document.querySelector(hatching).querySelector("rect")).fill : fill;
  };
  const paper = rgb(getComputedStyle(document.body).backgroundColor).parts;
  const wrong = new Map();
  for (const drawing of document.querySelectorAll("main svg")) {
    const areas = [...drawing.querySelectorAll("rect, .point path")].filter(area => getComputedStyle(area).fill !== "none" && !area.closest("defs, .bg, .hoverlayer"))
      .map(area => ({ area, box: area.getBoundingClientRect(), colour: colourOf(area) }));
    for (const text of drawing.querySelectorAll("text, tspan")) {
      if (text.closest(".hoverlayer") || ![...text.childNodes].some(node => node.nodeType === 3 && node.data.trim()) || !text.checkVisibility({ visibilityProperty: true })) {
        continue;
      }
      const { left, right, top, bottom } = text.getBoundingClientRect();
      const [x, y] = [(left + right) / 2, (top + bottom) / 2];
      const below = areas.filter(({ box }) => box.left < x && x < box.right && box.top < y && y < box.bottom)
        .reduce((behind, { area, colour }) => over(colour, opacityOf(area) * Number(getComputedStyle(area).fillOpacity), behind), paper);
      const { fill } = getComputedStyle(text);
      const [light, dark] = [luminance(over(fill, opacityOf(text), below)), luminance(below)].sort((a, b) => b - a);
      const contrast = (light + 0.05) / (dark + 0.05);
      if (contrast < 4.5) {
        wrong.set(`${fill} ${contrast.toFixed(1)}`, `contrast ${contrast.toFixed(2)}: "${text.textContent}" in ${fill} on ${below.map(Math.round)}`);
      }
    }
  }
  return [...wrong.values()];
}

/** What does not fit into the window's width. What can be scrolled to is not cut off. */
export function cutOff() {
  const wrong = [];
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) {
    wrong.push(`the page is ${scrollWidth} pixels wide`);
  }
  const scrolls = element => {
    for (let above = element.parentElement; above && above !== document.body; above = above.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(above).overflowX)) {
        return true;
      }
    }
    return false;
  };
  const name = element => `${element.tagName}.${element.getAttribute("class") ?? ""} ${element.textContent.trim().slice(0, 50)}`;
  for (const element of document.querySelectorAll("body :not(svg, svg *, .sprite, .skip), svg text")) {
    if (!element.checkVisibility()) {
      continue;
    }
    const box = element.getBoundingClientRect();
    if (element instanceof SVGElement) {
      // A label may end a little outside of its letters' boxes, never outside of the drawing.
      const frame = element.localName === "text" && element.textContent.trim() && !element.closest(".hoverlayer") ? element.ownerSVGElement.getBoundingClientRect() : null;
      if (frame && (box.left < frame.left - 2 || box.right > frame.right + 2 || box.top < frame.top - 3 || box.bottom > frame.bottom + 3)) {
        wrong.push(`label outside of its drawing: "${element.textContent}"`);
      }
      continue;
    }
    if (box.width > 1 && (box.left < -1 || box.right > innerWidth + 1) && !scrolls(element)) {
      wrong.push(`outside of the window: ${name(element)}`);
    }
    if (["hidden", "clip"].includes(getComputedStyle(element).overflowX) && element.clientWidth > 1 && element.scrollWidth > element.clientWidth + 1) {
      wrong.push(`cut off: ${name(element)}`);
    }
  }
  return wrong;
}

/** Begins to note what the keyboard reaches. Answers how many elements there are to reach. */
export function watchFocus() {
  scrollTo(0, 0);
  const begin = document.createElement("span"); // the keyboard goes on from where it was last, even if that is gone
  begin.tabIndex = -1;
  document.body.prepend(begin);
  begin.focus();
  begin.remove();
  const reachable = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
    .filter(element => element.tabIndex >= 0 && !element.disabled && element.checkVisibility({ visibilityProperty: true }))
    // The keyboard enters a group of choices once: at the chosen one, or else at its first.
    .filter((element, _, all) => element.type !== "radio" || element === (all.find(({ name, checked }) => name === element.name && checked) ?? all.find(({ name }) => name === element.name)));
  window.focusWatch = { reachable, seen: [] };
  document.addEventListener("focusin", ({ target }) => {
    const style = getComputedStyle(target);
    const box = target.getBoundingClientRect();
    window.focusWatch.seen.push({ target, shown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1 && box.width > 0 && box.height > 0
      && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight && Number(style.opacity) > 0.1 });
  });
  return reachable.length;
}

/** What the keyboard did not reach, reached in another order than that of reading, or reached without showing it. */
export function focusSeen() {
  const { reachable, seen } = window.focusWatch;
  const name = element => `${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 50)}`;
  const targets = seen.map(({ target }) => target);
  return [
    ...reachable.filter(element => !targets.includes(element)).map(element => `not reached: ${name(element)}`),
    ...targets.filter((element, i) => i > 0 && !(targets[i - 1].compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)).map(element => `out of order: ${name(element)}`),
    ...seen.filter(({ shown }) => !shown).map(({ target }) => `focus not to be seen: ${name(target)}`),
  ];
}

/** What is on paper and should not be, and what should be and is not. */
export function unfitForPaper() {
  const visible = element => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  const wrong = [];
  for (const element of document.querySelectorAll("nav, button, .skip")) {
    if (visible(element)) {
      wrong.push(`printed: ${element.outerHTML.slice(0, 80)}`);
    }
  }
  for (const element of document.querySelectorAll("main :is(h1, h2, h3, p, li, pre, table, figure)")) {
    if (!visible(element) && element.textContent.trim() && !element.closest("nav, [role=status], .eyebrow, .code > .label")) {
      wrong.push(`not printed: ${element.tagName} ${element.textContent.trim().slice(0, 60)}`);
    }
  }
  for (const figure of document.querySelectorAll("figure.rstlab-figure")) {
    if (![...figure.querySelectorAll("svg.rstlab-svg, table")].some(picture => visible(picture) && picture.getBoundingClientRect().height > 40)) {
      wrong.push(`figure without a picture: ${figure.querySelector("figcaption").textContent}`);
    }
  }
  return wrong;
}

/** Predictions that are judged wrongly, or shown with the rule that another option missed. */
export function misjudged() {
  const wrong = [];
  for (const form of document.querySelectorAll("fieldset:has(.rstlab-options)")) {
    const id = form.querySelector(".rstlab-options").dataset.prediction;
    const result = document.querySelector(`.rstlab-compared[data-prediction="${id}"]`);
    for (const option of form.querySelectorAll("input")) {
      option.click();
      const { happened, state } = result?.dataset ?? {};
      if (state !== (happened === undefined ? "open" : option.value === happened ? "right" : "wrong")) {
        wrong.push(`${id}: option ${option.value} is called ${state}, and ${happened} happened`);
      }
      const rules = [...result?.querySelectorAll(".rstlab-missed") ?? []].filter(rule => getComputedStyle(rule).display !== "none");
      if (rules.some(rule => rule.dataset.option !== option.value)) {
        wrong.push(`${id}: option ${option.value} is told what another one missed`);
      }
      if (!result?.querySelector(".rstlab-predicted").textContent.includes(option.closest("li").textContent.trim())) {
        wrong.push(`${id}: option ${option.value} is not repeated beside what happened`);
      }
    }
    form.querySelector("button").click();
  }
  return wrong;
}

/** Leaves of what repeats only the first few: axe's time grows with every element, and it does not look into drawings. */
export function shorten() {
  delete window.Plotly; // nothing is to be drawn anew
  document.querySelectorAll(".rstlab-chart").forEach(chart => chart.replaceChildren());
  document.querySelectorAll(".rstlab-svg > :not(title, desc)").forEach(part => part.remove());
  document.querySelectorAll(".rstlab-table tbody tr:nth-child(n + 2)").forEach(row => row.remove());
  [...document.querySelectorAll("pre code")].slice(6).forEach(code => { code.textContent = code.textContent.split("\n", 5).join("\n"); });
}

/** What axe calls serious or critical. */
export async function violations([axe, options]) {
  window.axe ?? (0, eval)(axe);
  const { violations } = await window.axe.run({ resultTypes: ["violations"], preload: false, ...options });
  return violations.filter(found => ["serious", "critical"].includes(found.impact))
    .flatMap(found => found.nodes.map(node => `${found.id}: ${node.target.join(" ")} ${node.any[0]?.message ?? found.help}`));
}
