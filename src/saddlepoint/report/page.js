// The page is complete without this script: it adds a slider through the samples, and interactive plots in place of still ones.
(function () {
  "use strict";
  const fingers = window.matchMedia("(pointer: coarse)").matches;

  // The first screen shows the newest samples; the slider puts an earlier moment of training in their place.
  function samples() {
    const stage = document.getElementById("stage");
    const frames = Array.from(document.querySelectorAll(".strip figure.frame"));
    if (!stage || !frames.length) return;
    const shown = stage.querySelector("img");
    const caption = stage.querySelector("figcaption");
    const moments = [...frames.map((frame) => ({ image: frame.querySelector("img"), words: frame.querySelector("figcaption").textContent })),
      { image: shown.cloneNode(), words: caption.textContent }];
    const last = moments.length - 1;
    const player = document.createElement("div");
    player.className = "player";
    const slider = Object.assign(document.createElement("input"), { type: "range", min: 0, max: last, step: 1 });
    slider.value = last;
    slider.setAttribute("aria-label", "moment of training");
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Play" });
    let timer = null;
    function show() {
      const moment = moments[Number(slider.value)];
      shown.src = moment.image.src;
      shown.alt = moment.image.alt;
      caption.textContent = Number(slider.value) === last ? moment.words : "Samples at s" + moment.words.slice(1);
    }
    function stop() { clearInterval(timer); timer = null; button.textContent = "Play"; }
    function next() {
      if (Number(slider.value) >= last) return stop();
      slider.value = Number(slider.value) + 1;
      show();
    }
    slider.addEventListener("input", () => { stop(); show(); });
    button.addEventListener("click", () => {
      if (timer) return stop();
      if (Number(slider.value) >= last) slider.value = 0;
      show();
      button.textContent = "Pause";
      timer = setInterval(next, Math.max(120, Math.min(600, 8000 / moments.length)));
    });
    player.append(button, slider);
    stage.append(player);
  }

  // A link to a folded section opens it; on paper everything is open.
  function folds() {
    function open() {
      const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
      const fold = target && target.querySelector(":scope > details");
      if (fold) fold.open = true;
    }
    window.addEventListener("hashchange", open);
    window.addEventListener("beforeprint", () => { for (const fold of document.querySelectorAll("details")) fold.open = true; });
    open();
  }

  function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

  function dressed(layout) {
    const axis = { gridcolor: colour("--rule"), zerolinecolor: colour("--rule"), linecolor: colour("--muted"), automargin: true };
    const whole = Object.assign({}, layout, {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: colour("--ink"), size: 12 }, margin: { l: 55, r: fingers ? 12 : 34, t: 24, b: 42 },
      // The buttons are in a column of their own, because a row of them would cover the legend.
      modebar: { orientation: "v", bgcolor: "rgba(0,0,0,0)", color: colour("--muted"), activecolor: colour("--ink") },
      legend: Object.assign({ orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom", font: { size: 11 } }, layout.legend),
      hoverlabel: { bgcolor: colour("--card"), font: { color: colour("--ink") } },
    });
    if (layout.scene) {
      whole.margin = { l: 0, r: 0, t: 0, b: 0 };
      Object.assign(whole.legend, { y: 1, yanchor: "top" });
      whole.scene = Object.assign({}, layout.scene);
      for (const name of ["xaxis", "yaxis", "zaxis"]) whole.scene[name] = Object.assign({}, axis, layout.scene[name], { automargin: undefined });
    } else {
      // A finger that scrolls the page must not zoom a plot.
      whole.dragmode = fingers ? false : "zoom";
      for (const name of ["xaxis", "yaxis"]) whole[name] = Object.assign({}, axis, layout[name]);
    }
    return whole;
  }

  // Black would be invisible in dark mode: such a class takes the colour of the text.
  function inked(data) {
    return data.map((trace) => trace.marker && trace.marker.color === "#000000"
      ? Object.assign({}, trace, { marker: Object.assign({}, trace.marker, { color: colour("--ink") }) }) : trace);
  }

  // Plotly's own set of buttons has one that sends the plot to a server, so these are named one by one.
  function options(plot) {
    const buttons = plot.layout.scene ? ["toImage", "resetCameraDefault3d"] : ["toImage", "zoom2d", "pan2d", "resetScale2d"];
    return { responsive: true, displaylogo: false, displayModeBar: fingers ? false : "hover", modeBarButtons: [buttons], plotlyServerURL: "" };
  }

  function webgl() {
    try { return Boolean(document.createElement("canvas").getContext("webgl")); } catch (error) { return false; }
  }

  async function unpacked(text) {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  }

  async function plots() {
    const source = document.getElementById("plotly-source");
    if (!source || typeof DecompressionStream === "undefined") return;
    const script = document.createElement("script");
    script.textContent = await unpacked(source.textContent.trim());
    document.head.append(script);
    source.remove();
    const solid = webgl();
    const drawn = [];
    async function draw(place) {
      const plot = JSON.parse(document.getElementById(place.dataset.plot).textContent);
      if (plot.layout.scene && !solid) return;
      const live = document.createElement("div");
      live.className = "live";
      const still = place.querySelector("img");
      still.hidden = true;
      place.append(live);
      try {
        await window.Plotly.newPlot(live, inked(plot.data), dressed(plot.layout), options(plot));
        drawn.push([live, plot]);
        still.remove();
      } catch (error) {
        // The still picture stays.
        live.remove();
        still.hidden = false;
        console.error(error);
      }
    }
    // A folded plot has no width, so it is drawn when it is opened.
    for (const folded of document.querySelectorAll("details")) {
      folded.addEventListener("toggle", async () => {
        for (const place of folded.querySelectorAll(".plot[data-plot]")) if (folded.open && !place.querySelector(".live")) await draw(place);
      });
    }
    for (const place of document.querySelectorAll(".plot[data-plot]")) if (!place.closest("details:not([open])")) await draw(place);
    // Other colours in dark mode, and on paper, which is always light.
    for (const query of ["(prefers-color-scheme: dark)", "print"]) {
      window.matchMedia(query).addEventListener("change", () => {
        for (const [live, plot] of drawn) window.Plotly.react(live, inked(plot.data), dressed(plot.layout));
      });
    }
    document.documentElement.dataset.plots = "ready";
  }

  samples();
  folds();
  plots();
})();
