// Draws the charts from the numbers in the page. Nothing here is loaded from anywhere.
(async () => {
  "use strict";
  // What is compressed in the page.
  async function text_in(id) {
    const text = document.getElementById(id).textContent;
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).text();
  }
  async function unpacked(id) {
    return document.getElementById(id).textContent ? JSON.parse(await text_in(id)) : null;
  }
  const bokeh = document.createElement("script");
  bokeh.textContent = await text_in("bokeh");
  document.head.append(bokeh);
  // One format of numbers in all of the page.
  const counted = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");
  const percent = (share) => `${(100 * share).toFixed(2)} %`;
  const overview = JSON.parse(document.getElementById("overview").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  // The colours of Okabe and Ito, which everybody can tell apart; a falling candle is also filled, a rising one is not.
  const palettes = {
    light: {text: "#1c2026", line: "#d5d9df", rising: "#0072b2", falling: "#d55e00", ground: "#ffffff",
            windows: ["#000000", "#009e73", "#cc79a7", "#d55e00", "#0072b2"],
            bar: "#56b4e9", edge: "#0072b2", mark: "#009e73"},
    dark: {text: "#e8eaed", line: "#363d47", rising: "#56b4e9", falling: "#e69f00", ground: "#14171c",
           windows: ["#ffffff", "#f0e442", "#cc79a7", "#009e73", "#56b4e9"],
           bar: "#0072b2", edge: "#56b4e9", mark: "#009e73"},
  };
  const MOST_BARS = 128;
  // More candles than these are a line in a band.
  const MOST_CANDLES = 400;
  const field = (name) => ({field: name});
  // What is missing, or beyond the floats, is left out of the chart.
  const number = (text) => text === null || !Number.isFinite(Number(text)) ? NaN : Number(text);
  // The times of buckets in UTC, or as they were written where they cannot be read.
  const moments_of = ({start, time}) => start ? start.map(iso) : time;
  const iso = (time) => new Date(time).toISOString().slice(0, 19).replace("T", " ");
  // A price on the axis; what is very large or small has an exponent.
  const priced = (price) => price && (Math.abs(price) < 1e-6 || Math.abs(price) >= 1e15) ? String(price)
    : price.toLocaleString("en-US", {maximumFractionDigits: 12, maximumSignificantDigits: 12});
  // Charts of the same rows are a group: they are zoomed together, and forgotten together.
  const groups = {stream: {}, key: {}, ranks: {}};
  for (const group of Object.values(groups)) Object.assign(group, {ranges: [], changing: [], labels: {}, first: 0, last: 1});
  const paint = (palette = dark.matches ? palettes.dark : palettes.light) => {
    for (const {changing} of Object.values(groups)) for (const change of changing) change(palette);
  };
  let group = groups.stream;  // of the charts that are being made
  const themed = (model, attributes) => group.changing.push((palette) => Object.assign(model, attributes(palette)));

  const {Plotting, Range1d, ColumnDataSource, CustomJSTickFormatter, HoverTool, Span, NumeralTickFormatter, Legend,
         DatetimeTicker, FixedTicker, Title, BooleanFilter, CDSView, WheelZoomTool} = Bokeh;
  Bokeh.logger.set_level("warn");
  const touch = matchMedia("(pointer: coarse)").matches;

  function chart(id, title, height, what) {
    const x_range = new Range1d({start: group.first, end: group.last});  // of its own: each chart is a document
    group.ranges.push(x_range);
    const figure = Plotting.figure({
      x_range, height, sizing_mode: "stretch_width", tools: "xpan,xwheel_zoom,xzoom_in,xzoom_out,xbox_zoom,reset,save",
      active_drag: touch ? null : "xbox_zoom", active_scroll: touch ? null : "xwheel_zoom", toolbar_location: "above",
      background_fill_color: null, border_fill_color: null, outline_line_color: null,
      min_border_left: 70, min_border_right: 32, name: id, output_backend: "canvas",
      // Bokeh's note on what the wheel needs is in colours of its own, which are those of a light page.
      stylesheets: [".bk-Panel { color: var(--text); background-color: var(--ground); }"],
    });
    // The wheel alone scrolls the page, also where it meets a chart.
    for (const tool of figure.toolbar.tools) if (tool instanceof WheelZoomTool) tool.modifiers = {ctrl: true};
    figure.toolbar.logo = null;
    figure.toolbar.stylesheets = [":host { --button-color: var(--line); }"];  // between the tools
    figure.add_layout(new Legend({}), "above");
    const desired_num_ticks = innerWidth < 600 ? 3 : 6;
    const ticker = what.startsWith("time") ? new DatetimeTicker({desired_num_ticks}) : ticker_of_rows(x_range, desired_num_ticks);
    figure.xaxis.ticker = ticker;
    figure.xgrid.ticker = ticker;
    figure.yaxis.formatter = new CustomJSTickFormatter({code: "return stream_signal_report.priced(tick)"});
    figure.xaxis.formatter = new CustomJSTickFormatter({code: `return stream_signal_report.label("${id}", tick)`});
    figure.xaxis.axis_label = what;
    figure.yaxis.axis_label = title;
    for (const axis of [figure.xaxis, figure.yaxis]) {
      themed(axis, ({text, line}) => ({axis_label_text_color: text, major_label_text_color: text, axis_line_color: line,
                                       major_tick_line_color: line, minor_tick_line_color: null,
                                       axis_label_text_font_style: "normal"}));
    }
    for (const grid of [figure.xgrid, figure.ygrid]) themed(grid, ({line}) => ({grid_line_color: line}));
    return figure;
  }

  // Round numbers of rows and the first row of all, which is none.
  function ticker_of_rows(range, most) {
    const ticker = new FixedTicker({ticks: []});
    const first = Math.ceil(group.first);
    const place = () => {
      const least = Math.max(1, (range.end - range.start) / most);
      const power = 10 ** Math.floor(Math.log10(least));
      const step = power * [1, 2, 5, 10].find((each) => each * power >= least);
      const ticks = [];
      for (let at = Math.ceil(range.start / step) * step; at <= range.end; at += step) ticks.push(at);
      if (range.start < first && !(ticks[0] - first < step / 2)) ticks.unshift(first);
      ticker.ticks = ticks;
    };
    place();
    range.change.connect(place);
    return ticker;
  }

  // The vertical axis has the range that `range_of` finds for what is in view, whatever changes the view. A box that is
  // dragged writes the range of both axes, so the vertical one is watched, too.
  function fit(figure, range_of) {
    const y_range = figure.y_range = new Range1d({start: 0, end: 1});
    const adjust = () => {
      const [start, end] = range_of(figure.x_range.start, figure.x_range.end) ?? [y_range.start, y_range.end];
      if (y_range.start !== start || y_range.end !== end) y_range.setv({start, end});
    };
    adjust();
    for (const range of [figure.x_range, y_range]) range.change.connect(adjust);
  }

  // Bars of which only those in view are drawn: Bokeh draws one beyond it as a line along the edge of the chart.
  function bars_in_view(figure, source, attributes, is_one = () => true) {
    const filter = new BooleanFilter();
    const look = () => {
      const {x, width} = source.data;
      const {start, end} = figure.x_range;
      filter.booleans = Array.from(x, (x, at) => is_one(at) && x + width[at] / 2 > start && x - width[at] / 2 < end);
    };
    look();
    for (const {change} of [figure.x_range, source.properties.data]) change.connect(look);
    return figure.vbar({x: field("x"), width: field("width"), source, view: new CDSView({filter}), ...attributes});
  }

  function dress_legend(figure) {
    figure.legend.orientation = "horizontal";
    figure.legend.spacing = 12;
    if (innerWidth < 600) figure.legend.ncols = 2;
    figure.legend.click_policy = "hide";
    themed(figure.legend, ({text}) => ({label_text_color: text, background_fill_color: null,
                                                      border_line_color: null}));
  }

  // What there is none of is said below the chart, in few words, for a phone is narrow.
  function say(figure, text) {
    const note = new Title({text, text_font_style: "normal", text_font_size: "13px"});
    themed(note, ({text}) => ({text_color: text}));
    figure.add_layout(note, "below");
  }

  // Of no data an axis says nothing either.
  function say_nothing(figure, text) {
    say(figure, text);
    for (const each of [figure.yaxis, figure.ygrid]) each.ticker = new FixedTicker({ticks: []});
  }

  // Where buckets begin and end: in time, if they have one; else in rows.
  function places_of({row, rows, start, step}) {
    const count = row.length;
    if (count < 2 || !start) {
      const left = row.map((each) => each - 0.5);
      return {is_timed: false, left, right: left.map((each, at) => each + rows[at]), is_gap: () => false};
    }
    const steps = start.slice(1).map((each, at) => (each - start[at]) / rows[at]).sort((one, other) => one - other);
    const usual = steps[steps.length >> 1];
    // Nearly all buckets are no further from the next one, also where rows come at random.
    const apart = start.slice(1).map((each, at) => each - start[at]).sort((one, other) => one - other);
    const common = apart[Math.floor(0.95 * apart.length)];
    const right = start.map((each, at) => {
      const end = each + usual * rows[at];
      // A few rows that are missing are no gap, nor is what is between two buckets that follow each other.
      return at + 1 < count && start[at + 1] - each <= Math.max(2 * step, 3 * common, 3 * (end - each))
        ? start[at + 1] : end;
    });
    return {is_timed: true, left: start, right, is_gap: (at) => at > 0 && start[at] > right[at - 1]};
  }

  // The range of rates around that of all rows, with a margin.
  function around(overall, rates) {
    const [low, high] = [Math.min(overall, ...rates), Math.max(overall, ...rates)];
    const margin = Math.max(0.01, 0.1 * (high - low));
    const edge = 0.01 * (high - low);  // so that a line at 0 or 100 % is not cut in half
    return [Math.max(-edge, low - margin), Math.min(1 + edge, high + margin)];
  }
  function line_at(figure, location) {
    const line = new Span({location, dimension: "width", line_width: 1.5});
    themed(line, ({text}) => ({line_color: text}));
    figure.add_layout(line);
  }

  // The charts of one series of buckets; they join the group.
  function series(data) {
    const count = data.row.length;
    const {is_timed, left, right, is_gap} = places_of(data);
    const width = left.map((each, at) => right[at] - each);
    const center = left.map((each, at) => each + width[at] / 2);
    const last_row = right.map((each, at) => each - width[at] / data.rows[at] / 2);
    const first = left[0] ?? 0.5;
    const last = right[count - 1] ?? 1.5;
    const single = data.rows.every((rows) => rows === 1);
    const is_seen = (at, [from, to]) => left[at] < to && right[at] > from;
    const what = is_timed ? "time (UTC)" : "row";
    const {end} = data;
    const moments = moments_of(data);
    // Points of a line, which has a hole where there is a gap.
    const points = (x, y) => {
      const line = {x: [], y: []};
      x.forEach((each, at) => {
        if (is_gap(at)) [line.x, line.y].forEach((values) => values.push(NaN));
        line.x.push(each);
        line.y.push(y[at]);
      });
      return line;
    };

    function label(value) {
      if (is_timed) {
        const [date, time] = iso(value).split(" ");
        return time === "00:00:00" ? date : `${time.replace(/:00$/, "")}\n${date}`;
      }
      const at = right.findIndex((each) => each > value);
      if (at < 0 || value < left[0] || value !== Math.round(value)) return "";
      const text = moments[at].slice(0, 16);
      return text && (single || data.row[at] === value || width[at] * 20 < last - first)
        ? `${counted(value)}\n${text.replace(" ", "\n")}` : counted(value);
    }

    Object.assign(group, {first, last, label});

    function price() {
      const figure = chart("price", "price", touch ? 320 : 400, what);
      const closes = {};
      for (const name of ["first", "last", "low", "high"]) closes[name] = data[name].map(number);
      const means = data.means.map((mean) => mean.map(number));
      const texts = Object.fromEntries(["first", "last", "low", "high"].map((name) => [`${name}_text`, data[name]]));
      const source = new ColumnDataSource({name: "buckets", data: {
        x: center, end, row: data.row, width: width.map((each) => 0.7 * each), time: moments, ...closes, ...texts,
        top: closes.first.map((one, at) => Math.max(one, closes.last[at])),
        bottom: closes.first.map((one, at) => Math.min(one, closes.last[at])),
        rows: data.rows, missing: data.missing, signals: data.signals[0], mean: means[0],
        mean_text: data.means[0].map((mean) => mean === null ? "" : String(mean)),
      }});
      const [candles, lines] = [[], []];
      if (!single) {
        // A band for each stretch without a gap or a missing close, as wide as its buckets are.
        const bands = {xs: [], ys: []};
        let [top, bottom] = [[], []];
        const end_band = () => {
          if (top.length) {
            const outline = [...top, ...bottom.reverse()];
            bands.xs.push(outline.map(([x]) => x));
            bands.ys.push(outline.map(([_, y]) => y));
          }
          [top, bottom] = [[], []];
        };
        for (let at = 0; at < count; at++) {
          const is_known = Number.isFinite(closes.low[at]) && Number.isFinite(closes.high[at]);
          if (is_gap(at) || !is_known) end_band();
          if (!is_known) continue;
          const next = at + 1 < count && !is_gap(at + 1) && Number.isFinite(closes.low[at + 1]);
          const places = [...(top.length ? [] : [left[at]]), center[at], ...(next ? [] : [right[at]])];
          for (const x of places) {
            top.push([x, closes.high[at]]);
            bottom.push([x, closes.low[at]]);
          }
        }
        end_band();
        const band = figure.patches({xs: field("xs"), ys: field("ys"), line_color: null, fill_alpha: 0.35,
                                     source: new ColumnDataSource({name: "bands", data: bands}),
                                     legend_label: "lowest to highest"});
        themed(band.glyph, ({bar}) => ({fill_color: bar}));
        lines.push(band);
      }
      data.windows.forEach((window, at) => {
        if (!means[at].some(Number.isFinite)) {
          say(figure, `No window of ${counted(window)} was ever full.`);
          return;
        }
        const mean = new ColumnDataSource({name: `mean ${window}`, data: points(last_row, means[at])});
        const line = figure.line({x: field("x"), y: field("y"), source: mean, line_width: 1.5,
                                  line_dash: at ? "dashed" : "solid", legend_label: `mean of ${counted(window)}`});
        themed(line.glyph, ({windows}) => ({line_color: windows[at % windows.length]}));
      });
      const is_empty = !closes.last.some(Number.isFinite);
      if (is_empty) say_nothing(figure, "No close can be drawn.");
      const line = figure.line({x: field("x"), y: field("y"), line_width: 1.5,
                                source: new ColumnDataSource({name: "closes", data: points(center, closes.last)}),
                                ...(is_empty ? {} : {legend_label: "close"})});
      themed(line.glyph, ({rising}) => ({line_color: rising}));
      if (!single) {
        lines.push(line);
        const wick = figure.segment({x0: field("x"), y0: field("low"), x1: field("x"), y1: field("high"), source});
        themed(wick.glyph, ({rising}) => ({line_color: rising}));
        candles.push(wick);
        for (const [is_rising, name] of [[true, "rising"], [false, "falling"]]) {
          const body = bars_in_view(figure, source, {top: field("top"), bottom: field("bottom"), name,
                                                     legend_label: `price, ${name}`},
                                    (at) => (closes.last[at] >= closes.first[at]) === is_rising);
          themed(body.glyph, (palette) => ({line_color: palette[name],
                                            fill_color: palette[name], fill_alpha: is_rising ? 0 : 0.7}));
          candles.push(body);
        }
      } else {
        const dots = figure.scatter({x: field("x"), y: field("last"), source, size: 4, marker: "circle"});
        themed(dots.glyph, ({rising}) => ({fill_color: rising, line_color: rising}));
        candles.push(dots);
        // Single rows; there are never more than the buckets.
        const rows = [...center.keys()].filter((at) => data.signals[0][at]);
        const marked = new ColumnDataSource({name: "signals", data: {x: rows.map((at) => center[at]),
                                                                     y: rows.map((at) => closes.last[at])}});
        const marks = figure.scatter({x: field("x"), y: field("y"), source: marked, marker: "triangle", size: 6,
                                      ...(rows.length ? {legend_label: "signal"} : {})});
        themed(marks.glyph, ({mark}) => ({fill_color: mark, line_color: mark}));
      }
      fit(figure, (...view) => {
        const seen = [closes.low, closes.high, ...means].flatMap((values) =>
          values.filter((value, at) => Number.isFinite(value) && is_seen(at, view)));
        if (!seen.length) return null;
        const [low, high] = [Math.min(...seen), Math.max(...seen)];
        const margin = low < high ? 0.05 * high - 0.05 * low : 0.05 * Math.abs(low) || 1;
        return [low - margin, high + margin];
      });
      // Nothing of these is seen: the pointer finds the buckets by them.
      const found = bars_in_view(figure, source, {top: field("high"), bottom: field("low"), name: "found",
                                                  fill_alpha: 0, line_alpha: 0});
      figure.add_tools(new HoverTool({mode: "vline", renderers: [found], tooltips: [
        ...(single ? [["row", "@row{0,0}"]] : [["rows", "@row{0,0} to @end{0,0}"]]), ["time", "@time"],
        ...(single ? [["close", "@last_text"]] : [["first", "@first_text"], ["highest", "@high_text"],
                                                  ["lowest", "@low_text"], ["last", "@last_text"]]),
        [`mean of ${data.windows[0]}`, "@mean_text"], ["signals", "@signals{0,0}"], ["missing", "@missing{0,0}"]]}));
      dress_legend(figure);
      // Candles where they can be told apart, and the line in its band where they cannot.
      const choose = () => {
        const view = [figure.x_range.start, figure.x_range.end];
        const are_few = center.filter((_, at) => is_seen(at, view)).length <= MOST_CANDLES;
        for (const [some, are_shown] of [[candles, are_few], [lines, !are_few]]) {
          for (const each of some) {
            each.visible = are_shown;
            for (const item of figure.legend.items) if (item.renderers.includes(each)) item.visible = are_shown;
          }
        }
      };
      choose();
      figure.x_range.change.connect(choose);
      return figure;
    }

    const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
    const overall = sum(data.signals[0]) / Math.max(1, sum(data.rows));

    // As many bars as can be told apart: neighbouring buckets are added up, fewer of them the closer one looks. A gap that
    // is longer than a bar ends one.
    function bars_between(...view) {
      const seen = Math.max(1, center.filter((_, at) => is_seen(at, view)).length);
      let each = 1;
      while (seen / each > MOST_BARS) each *= 2;
      const bars = {x: [], left: [], right: [], row: [], end: [], width: [], rows: [], time: [], signals: [], rate: [], overall: []};
      data.windows.slice(1).forEach((_, at) => { bars[`rate_${at + 1}`] = []; });
      for (let from = 0, to = 0; from < count; from = to) {
        to = from + 1;
        while (to < count && to - from < each && !(is_gap(to) && left[to] - right[to - 1] > each * width[to - 1])) to += 1;
        const add = (numbers) => sum(numbers.slice(from, to));
        const rows = add(data.rows);
        const sums = data.signals.map(add);
        const bar = {x: (left[from] + right[to - 1]) / 2, left: left[from], right: right[to - 1], row: data.row[from],
                     end: end[to - 1], width: right[to - 1] - left[from],
                     rows, time: moments[from], signals: sums[0], rate: sums[0] / rows, overall};
        sums.slice(1).forEach((signals, at) => { bar[`rate_${at + 1}`] = signals / rows; });
        for (const [name, value] of Object.entries(bar)) bars[name].push(value);
      }
      return bars;
    }

    function rate(id) {
      const figure = chart(id, "signal rate", touch ? 240 : 260, what);
      const source = new ColumnDataSource({name: `${id}s`, data: bars_between(first, last)});
      figure.x_range.change.connect((_, {start, end}) => {
        const bars = bars_between(start, end);
        if (bars.x.length !== source.data.x.length) source.data = bars;
      });
      fit(figure, () => around(overall, Object.entries(source.data)
        .filter(([name]) => name.startsWith("rate")).flatMap(([_, values]) => Array.from(values))));
      figure.yaxis.formatter = new NumeralTickFormatter({format: "0.[0] %"});
      const is_empty = !data.signals.some((signals) => signals.some(Boolean));
      if (is_empty) say_nothing(figure, "No row signals.");
      const named = (window) => is_empty ? {} : {legend_label: `window ${counted(window)}`};
      const bars = bars_in_view(figure, source, {top: field("rate"), bottom: field("overall"), line_width: 0.5,
                                                 ...named(data.windows[0])});
      themed(bars.glyph, ({bar, edge}) => ({fill_color: bar, line_color: edge}));
      data.windows.slice(1).forEach((window, at) => {
        const line = figure.segment({x0: field("left"), x1: field("right"), y0: field(`rate_${at + 1}`),
                                     y1: field(`rate_${at + 1}`), source, line_width: 2, ...named(window)});
        themed(line.glyph, ({windows}) => ({line_color: windows[(at + 1) % windows.length]}));
      });
      line_at(figure, overall);
      figure.add_tools(new HoverTool({mode: "vline", renderers: [bars], tooltips: [
        ["rows", "@row{0,0} to @end{0,0}"], ["time", "@time"], ["signals", "@signals{0,0} of @rows{0,0}"], ["rate", "@rate{0.00 %}"]]}));
      dress_legend(figure);
      return figure;
    }

    return {price, rate};
  }

  const sum_of = (numbers) => numbers.reduce((one, other) => one + other, 0);

  // The rates of the keys in their order, in as many bars as can be told apart, fewer keys in each the closer one looks.
  function ranks(keys) {
    const total = keys.names.length;
    Object.assign(group, {first: 0.5, last: total + 0.5, label: (rank) => {
      const name = keys.names[rank - 1] ?? "";
      return name.length > 16 ? `${name.slice(0, 15)}…` : name;
    }});
    const overall = sum_of(overview.signals[0]) / Math.max(1, sum_of(overview.rows));
    const figure = chart("ranks", "signal rate", touch ? 240 : 260, "keys, the highest rate first");
    const bars_between = (start, end) => {
      let each = 1;
      while (Math.min(total, Math.max(1, end - start)) / each > MOST_BARS) each *= 2;
      const bars = {x: [], width: [], rate: [], lowest: [], top: [], bottom: [], from: [], to: []};
      for (let from = 0; from < total; from += each) {
        const to = Math.min(from + each, total);
        const [rate, lowest] = [keys.rates[0][from], keys.rates[0][to - 1]];
        const bar = {x: (from + 1 + to) / 2, width: (to - from) * (total < 400 ? 0.8 : 1), rate, lowest,
                     top: Math.max(rate, overall), bottom: Math.min(lowest, overall), from: keys.names[from], to: keys.names[to - 1]};
        for (const [name, value] of Object.entries(bar)) bars[name].push(value);
      }
      return bars;
    };
    const source = new ColumnDataSource({name: "ranks of keys", data: bars_between(group.first, group.last)});
    const bars = bars_in_view(figure, source, {top: field("top"), bottom: field("bottom"), line_width: 0.5,
                                               legend_label: `window ${counted(overview.windows[0])}`});
    themed(bars.glyph, ({bar, edge}) => ({fill_color: bar, line_color: edge}));
    fit(figure, () => around(overall, total ? [keys.rates[0][0], keys.rates[0][total - 1]] : []));
    line_at(figure, overall);
    // A name for each key, or for as many as have room.
    const ticker = new FixedTicker({ticks: []});
    const name_keys = () => {
      const [from, to] = [Math.max(1, Math.ceil(figure.x_range.start)), Math.min(total, Math.floor(figure.x_range.end))];
      const each = Math.max(1, Math.ceil((to - from + 1) / (innerWidth < 600 ? 15 : 60)));
      ticker.ticks = Array.from({length: Math.max(0, Math.ceil((to - from + 1) / each))}, (_, at) => from + at * each);
    };
    name_keys();
    figure.x_range.change.connect(name_keys);
    Object.assign(figure.xaxis, {ticker, major_label_orientation: "vertical"});
    figure.xgrid.visible = false;
    figure.yaxis.formatter = new NumeralTickFormatter({format: "0.[0] %"});
    figure.add_tools(new HoverTool({mode: "vline", renderers: [bars], tooltips: [
      ["first key", "@from"], ["its rate", "@rate{0.00 %}"], ["last key", "@to"], ["its rate", "@lowest{0.00 %}"]]}));
    figure.x_range.change.connect((_, {start, end}) => {
      const bars = bars_between(start, end);
      if (bars.x.length !== source.data.x.length) source.data = bars;
    });
    dress_legend(figure);
    return figure;
  }

  const element = (tag, attributes = {}, text = "") => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    return made;
  };

  // A small picture of a key: its closes from the lowest to the highest, the mean, and the rate below.
  function small_picture({low, high, signals, rows, means}) {
    const [lows, highs, mean] = [low, high, means[0]].map((each) => each.map(number));
    const known = [...lows, ...highs].filter(Number.isFinite);
    const bottom = known.reduce((one, other) => Math.min(one, other), Infinity);
    const top = known.reduce((one, other) => Math.max(one, other), -Infinity);
    const x = (at) => ((at + 0.5) * 200 / lows.length).toFixed(1);
    const y = (value) => (top > bottom ? 2 + 40 * (top - value) / (top - bottom) : 22).toFixed(1);
    const line = (points) => points.map((point, at) =>
      point === null ? "" : `${at && points[at - 1] !== null ? "L" : "M"}${point}`).join("");
    const closes = lows.flatMap((value, at) => Number.isFinite(value)
      ? [`${x(at)},${y(value)}`, `${x(at)},${y(highs[at])}`] : [null]);
    const means_at = mean.map((value, at) => Number.isFinite(value) ? `${x(at)},${y(Math.min(top, Math.max(bottom, value)))}` : null);
    const each = Math.ceil(rows.length / 40);
    let bars = "";
    for (let from = 0; from < rows.length; from += each) {
      const add = (numbers) => numbers.slice(from, from + each).reduce((one, other) => one + other, 0);
      const to = Math.min(from + each, rows.length);
      bars += `M${200 * from / rows.length},60V${60 - 14 * add(signals[0]) / add(rows)}H${200 * to / rows.length - 1}V60Z`;
    }
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("viewBox", "0 0 200 60");
    picture.setAttribute("preserveAspectRatio", "none");
    picture.setAttribute("aria-hidden", "true");
    for (const [name, d] of [["rates", bars], ["closes", line(closes)], ["mean", line(means_at)]]) {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("class", name);
      path.setAttribute("d", d);
      picture.append(path);
    }
    return picture;
  }

  // A button with a small picture for each key that has charts; the chosen one has them in full.
  function key_charts(charts, of, begin) {
    const list = document.getElementById("multiples");
    const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
    const which = charts.length < of ? `The first ${charts.length} of ${counted(of)} keys, in` : "In";
    const since = begin > 1 ? ` Their rows are counted from row ${counted(begin)} of all, where the charts begin.` : "";
    document.getElementById("of_charts").textContent =
      `${which} the order in which they came. Choose one to see it in full.${since}`;
    const buttons = charts.map((chart) => {
      const button = element("button", {type: "button", "aria-pressed": "false"});
      const count = sum(chart.rows);
      const rate = percent(sum(chart.signals[0]) / count);
      button.append(element("span", {class: "name"}, chart.key), element("span", {}, `${rate} of ${counted(count)}`));
      button.addEventListener("click", () => choose(chart.key));
      const item = element("li");
      item.append(button);
      list.append(item);
      return button;
    });
    // All at once, so that they are there in print.
    buttons.forEach((button, at) => button.children[0].after(small_picture(charts[at])));

    let views = [];
    async function choose(key) {
      const at = charts.findIndex((chart) => chart.key === key);
      if (at < 0 || key === group_key()) return;
      for (const view of views) {
        const {document} = view.model;
        view.remove();
        document.clear();
      }
      buttons.forEach((button, other) => button.setAttribute("aria-pressed", String(other === at)));
      group = groups.key;
      Object.assign(group, {ranges: [], changing: [], key});
      const data = {...charts[at], windows: overview.windows.slice(0, 1)};
      const drawn = series(data);
      const figures = {price: drawn.price(), key_rate: drawn.rate("key_rate")};
      document.getElementById("chosen").textContent = key;
      document.getElementById("of_chosen").textContent = (data.rows.every((rows) => rows === 1)
        ? "Each close; the triangles are the rows that signalled."
        : `Closes from the lowest to the highest in each ${data.in_each} of this key, as a line in a band, and closer up `
          + "as candles.")
        + ` The rolling mean is that of ${data.windows[0]}; the rows are those of this key alone.`;
      fill_table(data);
      paint();
      if (key === kept.get("key")) zoom_as_kept("key_view", group);
      kept.set("key", key);
      join(group);
      views = await Promise.all(Object.entries(figures).map(([id, figure]) =>
        Plotting.show(figure, document.getElementById(id))));
    }
    return choose;
  }
  const group_key = () => groups.key.key;

  // Made when it is opened, for the key that is chosen then.
  function fill_table(data) {
    const details = document.getElementById("key_table");
    const place = details.lastElementChild;
    place.replaceChildren();
    details.ontoggle = () => {
      if (!details.open || place.firstChild) return;
      const moments = moments_of(data);
      const lines = data.row.map((row, at) => [counted(row), moments[at], counted(data.rows[at]), counted(data.missing[at]),
        percent(data.signals[0][at] / data.rows[at]), data.first[at], data.low[at], data.high[at], data.last[at], data.means[0][at]]);
      place.append(table_of(`${data.key}: ${data.rows.every((rows) => rows === 1) ? "each line is one row"
        : `each line is ${data.in_each}`}`,
        ["first row", "time", "rows", "missing closes", "signal rate", "first close", "lowest", "highest", "last",
         `mean of ${data.windows[0]}`], lines));
    };
    if (details.open) details.ontoggle();
  }

  function table_of(caption, heads, lines) {
    const table = element("table");
    const head = element("tr");
    head.append(...heads.map((text) => element("th", {scope: "col"}, text)));
    const [top, body] = [element("thead"), element("tbody")];
    top.append(head);
    body.append(...lines.map(line_of));
    table.append(element("caption", {}, caption), top, body);
    return table;
  }

  function line_of(cells) {
    const line = element("tr");
    line.append(...cells.map((cell, at) => element(at ? "td" : "th", at ? {} : {scope: "row"}, cell ?? "")));
    return line;
  }

  // The table of all keys: it can be searched and sorted, and grows by a hundred lines at a time.
  function all_keys(keys) {
    const LINES = 100;
    const place = document.querySelector("#keys .scroll");
    const [, ...windows] = overview.windows;
    const heads = ["key", "signal rate", "rows", "signals", ...windows.map((window) => `signal rate, window ${window}`)];
    const columns = [keys.names, keys.rates[0], keys.rows, keys.signals[0], ...keys.rates.slice(1)];
    const table = table_of(keys.of === 1 ? "1 key" : `${counted(keys.of)} keys`, heads, []);
    const search = element("input", {type: "search", id: "search", autocomplete: "off", spellcheck: "false"});
    const found = element("span", {role: "status", class: "note"});
    const more = element("button", {type: "button", class: "more"}, `Show ${LINES} more`);
    const tools = element("p", {class: "tools"});
    tools.append(element("label", {for: "search"}, "Find a key"), search, found);
    let [order, shown, sorted, is_falling] = [[], 0, 1, true];
    const show = () => {
      table.tBodies[0].append(...order.slice(shown, shown + LINES).map((at) => line_of(columns.map((column, which) =>
        which === 0 ? column[at] : which === 2 || which === 3 ? counted(column[at]) : percent(column[at])))));
      shown = Math.min(order.length, shown + LINES);
      more.hidden = shown === order.length;
    };
    const list = () => {
      const wanted = search.value.trim().toLowerCase();
      order = [...keys.names.keys()].filter((at) => keys.names[at].toLowerCase().includes(wanted));
      const column = columns[sorted];
      const before = (one, other) => column[one] < column[other] ? -1 : Number(column[one] > column[other]);
      order.sort((one, other) => (is_falling ? -1 : 1) * before(one, other) || one - other);
      found.textContent = wanted ? `${counted(order.length)} of ${counted(keys.names.length)} keys` : "";
      table.tBodies[0].replaceChildren();
      [...table.tHead.rows[0].cells].forEach((cell, at) => at === sorted
        ? cell.setAttribute("aria-sort", is_falling ? "descending" : "ascending") : cell.removeAttribute("aria-sort"));
      shown = 0;
      show();
    };
    [...table.tHead.rows[0].cells].forEach((cell, at) => {
      const button = element("button", {type: "button"}, cell.textContent);
      button.addEventListener("click", () => {
        is_falling = at === sorted ? !is_falling : at > 0;
        sorted = at;
        list();
      });
      cell.replaceChildren(button);
    });
    search.addEventListener("input", list);
    more.addEventListener("click", show);
    place.replaceChildren(table);
    place.before(tools);
    if (keys.names.length < keys.of) {
      place.before(element("p", {class: "note", id: "left_out"}, `The page has room for the ${counted(keys.names.length)} keys of `
        + `the highest rates, of ${counted(keys.of)}. --keys-output writes all of them to a file.`));
    }
    place.after(more);
    list();
  }

  function zoom(start, end, which = groups.stream) {
    for (const range of which.ranges) {
      if (range.start !== start || range.end !== end) range.setv({start, end});
    }
  }

  // Zoom the charts of a group together, and keep what is zoomed in on.
  function join(which) {
    for (const {change} of which.ranges) {
      change.connect((_, {start, end}) => {
        zoom(start, end, which);
        keep();
      });
    }
    keep();
  }

  // A page that is replaced while the job runs is loaded anew; what is seen is kept in its address.
  const kept = new URLSearchParams(location.hash.slice(1));
  function keep() {
    for (const [name, {ranges: [range], first, last}] of [["view", groups.stream], ["key_view", groups.key]]) {
      if (!range) continue;  // not drawn yet
      if (range.start === first && range.end === last) kept.delete(name);
      else kept.set(name, `${range.start},${range.end}`);
    }
    history.replaceState(null, "", `#${kept.toString().replaceAll("%2C", ",")}`);
  }
  function zoom_as_kept(name, which) {
    const found = /^(-?[\d.]+),(-?[\d.]+)$/.exec(kept.get(name) ?? "");
    if (found) zoom(Number(found[1]), Number(found[2]), which);
  }

  // A printer's page is narrower than the screen, and a chart is not drawn anew for it: it gets a picture of each, in the
  // colours of paper.
  addEventListener("beforeprint", () => {
    paint(palettes.light);
    for (const view of Object.values(Bokeh.index)) {
      const place = document.getElementById(view.model.name);
      if (!place) continue;
      // Bokeh gives marks their new colours later, which is too late here.
      for (const {glyph, model, all_indices} of view.renderer_views.values()) {
        if (!glyph) continue;  // an axis, or what has no data
        glyph.set_visuals(model.data_source, all_indices);
        glyph.after_visuals();
      }
      view.request_repaint();  // also where no colour is another one: the legend has been made anew
      view.paint();
      const picture = element("img", {class: "printed", alt: "", src: view.export("png", true).canvas.toDataURL()});
      place.before(picture);
    }
  });
  addEventListener("afterprint", () => {
    for (const picture of document.querySelectorAll(".printed")) picture.remove();
    paint();
  });

  window.stream_signal_report = {
    label: (id, value) => ({ranks: groups.ranks, price: overview.first ? groups.stream : groups.key,
                            key_rate: groups.key}[id] ?? groups.stream).label(value),
    data: overview, zoom, groups, palettes, priced,
  };

  async function draw() {
    const whole = series(overview);
    const figures = overview.first ? {price: whole.price(), rate: whole.rate("rate")} : {rate: whole.rate("rate")};
    zoom_as_kept("view", groups.stream);
    join(groups.stream);
    const [packed, charts] = await Promise.all([unpacked("keys_data"), unpacked("key_charts_data")]);
    if (packed) {
      const [names, rows, ...signals] = packed.keys;
      const rates = signals.map((each) => each.map((count, at) => count / rows[at]));
      const keys = {of: packed.of, names, rows, signals, rates};
      all_keys(keys);
      group = groups.ranks;
      figures.ranks = ranks(keys);
    }
    paint();
    dark.addEventListener("change", () => paint());
    await Promise.all(Object.entries(figures).map(([id, figure]) => Plotting.show(figure, document.getElementById(id))));
    window.stream_signal_report.figures = figures;
    if (charts?.length) {
      const choose = window.stream_signal_report.choose = key_charts(charts, packed.of, overview.row[0]);
      await choose(charts.some(({key}) => key === kept.get("key")) ? kept.get("key") : charts[0].key);
    }
    document.body.dataset.drawn = "yes";
  }

  await draw();
})().catch((error) => {
  document.getElementById("trouble").hidden = false;
  throw error;
}).finally(() => {
  const seconds = Number(document.body.dataset.reload);
  if (seconds) setTimeout(() => location.reload(), Math.max(1000, 1000 * seconds));
});
