// SPDX-License-Identifier: MIT
// The page around the stage: the gallery of molecules, the copies of one, and what keys and buttons do.
"use strict";
(() => {

const get = id => document.getElementById(id);
const data = JSON.parse(get("data").textContent), scenes = data.molecules;
const state = {index: 0, copy: 0, quantity: 0, style: "sticks", hydrogens: "all", overlay: true, ribbon: true, sidechains: false,
               rainbow: false, spin: false};
let stage = null, miniatures = null, order = scenes.map((_, k) => k), player = 0;

const plural = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
const copies = number => number === 1 ? "1 copy" : `${number.toLocaleString("en")} copies`;
const scene = () => scenes[state.index];
const make = (tag, text, parent, className) => {
    const element = document.createElement(tag);
    element.textContent = text;
    if (className)
        element.className = className;
    if (parent)
        parent.append(element);
    return element;
};

// A formula with its numbers lowered and its charge raised.
function writeFormula(element, formula, rest) {
    element.textContent = "";
    const [, plain, charge] = /^(.*?)([+-]\d*)?$/.exec(formula);
    for (const part of plain.split(/(\d+)/))
        if (part)
            make(/\d/.test(part) ? "sub" : "span", part, element);
    if (charge)
        make("sup", charge, element);
    if (rest)
        element.append(`${formula ? " · " : ""}${rest}`);
}

const kindOf = one => one.kind === "protein" ? plural(one.ribbon.atoms.length, "residue") : one.formula;

// 1. Day and night

function isDark() {
    return document.documentElement.dataset.theme === "dark";
}

function setTheme(name) {
    document.documentElement.dataset.theme = name;
    const color = getComputedStyle(document.body).getPropertyValue("--stage").trim();
    state.background = Shapes.rgb(color.slice(1));
    show();
    drawn.forEach(card => { card.dataset.drawn = ""; });
    drawCards();
}

function options() {
    const {style, hydrogens, overlay, ribbon, sidechains, rainbow, background} = state;
    return {style, hydrogens, overlay: overlay && scene().copies > 1, ribbon: ribbon && Boolean(scene().ribbon), sidechains, rainbow,
            background, dark: isDark()};
}

// 2. The gallery

const drawn = [];

function drawCards() {
    const began = performance.now(), waiting = drawn.filter(card => card.isConnected && card.dataset.seen && !card.dataset.drawn);
    if (!waiting.length || !miniatures || !state.background)
        return;
    for (const card of waiting) {
        card.dataset.drawn = "yes";
        miniatures.draw(scenes[card.dataset.index], {background: state.background, dark: isDark()}, card.querySelector("canvas"));
        if (performance.now() - began > 12)
            break;
    }
    requestAnimationFrame(drawCards);
}

const watcher = new IntersectionObserver(entries => {
    for (const {target, isIntersecting} of entries) {
        target.dataset.seen = isIntersecting ? "yes" : "";
        // Pictures far away give their memory back.
        if (!isIntersecting && target.dataset.drawn) {
            target.dataset.drawn = "";
            Object.assign(target.querySelector("canvas"), {width: 0, height: 0});
        }
    }
    requestAnimationFrame(drawCards);
}, {root: null, rootMargin: "300px"});

function makeCard(index) {
    const one = scenes[index], card = make("button", "", null, "card");
    card.dataset.index = index;
    card.type = "button";
    const picture = make("canvas", "", card);
    picture.setAttribute("aria-hidden", "true");
    const text = make("div", "", card);
    make("strong", one.name, text).title = one.name;
    writeFormula(make("p", "", text), one.kind === "protein" ? "" : one.formula,
        `${one.kind === "protein" ? kindOf(one) + " · " : ""}${copies(one.copies)}`);
    card.addEventListener("click", () => select(index));
    watcher.observe(card);
    drawn.push(card);
    return card;
}

const cards = scenes.length > 1 ? scenes.map((_, index) => makeCard(index)) : [];

function arrange() {
    const words = get("search").value.trim().toLowerCase(), by = get("order").value;
    order = scenes.map((_, k) => k).filter(k => [scenes[k].name, scenes[k].formula, scenes[k].smiles].some(
        text => text && text.toLowerCase().includes(words)));
    const compare = {name: (a, b) => scenes[a].name.localeCompare(scenes[b].name, "en", {numeric: true}),
                     size: (a, b) => scenes[a].elements.length - scenes[b].elements.length,
                     copies: (a, b) => scenes[b].copies - scenes[a].copies}[by];
    if (compare)
        order.sort(compare);
    get("gallery").replaceChildren(...order.map(k => cards[k]));
    if (!order.length)
        make("p", "No molecule has that in its name, formula or SMILES.", get("gallery"), "none");
    count();
}

function count() {
    const all = scenes.reduce((sum, one) => sum + one.copies, 0);
    const shown = order.length === scenes.length ? plural(scenes.length, data.noun) : `${order.length} of ${plural(scenes.length, data.noun)}`;
    get("counts").textContent = `${shown}, ${copies(all)}`;
}

// 3. One molecule

function select(index) {
    state.index = index;
    state.copy = 0;
    state.quantity = 0;
    cards.forEach((card, k) => card.setAttribute("aria-current", k === index));
    if (cards[index])
        cards[index].scrollIntoView({block: "nearest", inline: "nearest"});
    const one = scene();
    get("name").textContent = one.name;
    writeFormula(get("formula"), one.kind === "protein" ? "" : one.formula, [one.kind === "protein" ? kindOf(one) : "",
        plural(one.elements.length, "atom"), one.total > one.copies ? `${one.copies} of ${copies(one.total)}` : copies(one.copies)
    ].filter(Boolean).join(" · "));
    get("facts").replaceChildren();
    for (const [key, value] of one.facts) {
        const row = make("div", "", get("facts"));
        make("dt", key, row);
        make("dd", value, row).title = value;
    }
    get("quantity").replaceChildren(...one.values.map(({name}, k) => {
        const choice = make("option", name);
        choice.value = k;
        return choice;
    }));
    get("quantity").hidden = !one.values.length;
    get("copy").max = one.copies - 1;
    get("dock").hidden = one.copies === 1;
    get("polymer").hidden = !one.ribbon;
    get("style").hidden = Boolean(one.ribbon) && state.ribbon && !state.sidechains && !one.polymer.includes("0");
    get("hydrogens").hidden = !one.elements.includes(1) || get("style").hidden;
    if (one.copies === 1)
        play(false);
    show();
}

const number = value => value === null ? "–" : Math.abs(value) >= 1000 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);

function show() {
    const one = scene();
    if (!one || !state.background)
        return;
    get("copy").value = state.copy;
    const label = one.labels ? one.labels[state.copy] : "", quantity = one.values[state.quantity];
    const reading = get("reading");
    reading.replaceChildren();
    make("b", `${state.copy + 1}`, reading);
    make("span", ` of ${one.copies}`, reading);
    if (quantity)
        make("span", ` · ${number(quantity.values[state.copy])}${quantity.unit ? " " + quantity.unit : ""}`, reading);
    if (label)
        make("span", ` · ${label}`, reading);
    get("copy").setAttribute("aria-valuetext", reading.textContent);
    for (const group of ["style", "hydrogens"])
        for (const button of get(group).children)
            button.setAttribute("aria-checked", button.dataset.value === state[group]);
    for (const button of document.querySelectorAll("[data-toggle]")) {
        button.setAttribute("aria-pressed", Boolean(state[button.dataset.toggle]));
        if (button.dataset.toggle === "overlay")
            button.hidden = one.copies === 1;
    }
    drawChart();
    if (stage)
        stage.show(one, state.copy, options());
}

// A bar for each copy: how high its value is.
function drawChart() {
    const chart = get("chart"), one = scene(), box = chart.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
    const quantity = one.values[state.quantity], color = name => getComputedStyle(document.body).getPropertyValue(name).trim();
    chart.style.display = quantity ? "" : "none";
    if (!quantity || !box.width)
        return;
    chart.width = Math.round(box.width * ratio);
    chart.height = Math.round(box.height * ratio);
    const known = quantity.values.filter(value => value !== null), low = Math.min(...known), high = Math.max(...known);
    const context = chart.getContext("2d"), width = chart.width / one.copies, gap = width > 4 * ratio ? Math.min(0.3 * width, 3 * ratio) : 0;
    quantity.values.forEach((value, k) => {
        const height = value === null ? 0 : (0.12 + 0.88 * (high > low ? (value - low) / (high - low) : 0.5)) * (chart.height - 4 * ratio);
        context.fillStyle = k === state.copy ? color("--accent") : color("--bar");
        const bar = Math.min(width - gap, 26 * ratio), left = (k + 0.5) * width - bar / 2;
        context.beginPath();
        (context.roundRect || context.rect).call(context, left, chart.height - height, bar, height, [Math.min(3 * ratio, bar / 3), Math.min(3 * ratio, bar / 3), 0, 0]);
        context.fill();
    });
}

function step(change) {
    state.copy = (state.copy + change + scene().copies) % scene().copies;
    show();
}

function play(isOn) {
    clearInterval(player);
    player = isOn ? setInterval(() => step(1), scene().copies > 40 ? 90 : 420) : 0;
    get("play").classList.toggle("on", isOn);
    get("play").setAttribute("aria-label", isOn ? "Stop" : "Play the copies");
}

function toggle(name) {
    state[name] = !state[name];
    if (name === "spin" && stage)
        stage.spin(state.spin);
    if (name === "sidechains" && state.sidechains === false && !state.ribbon)
        state.ribbon = true;
    if (scene().ribbon)
        refresh();
    show();
}

// Show the buttons that fit what is drawn, without going back to the first copy.
function refresh() {
    const {copy, quantity} = state;
    select(state.index);
    Object.assign(state, {copy, quantity});
    get("quantity").value = quantity;
}

function cycle(group) {
    const values = [...get(group).children].map(button => button.dataset.value);
    state[group] = values[(values.indexOf(state[group]) + 1) % values.length];
    show();
}

function savePicture() {
    const link = document.createElement("a");
    link.download = `${scene().name.replace(/[^\w.-]+/g, "_")}.png`;
    link.href = stage.picture();
    link.click();
}

const atomName = atom => scene().atoms ? scene().atoms[atom] : `atom ${atom + 1}`;

// 4. Hands

for (const group of ["style", "hydrogens"])
    get(group).addEventListener("click", event => {
        if (event.target.dataset.value) {
            state[group] = event.target.dataset.value;
            show();
        }
    });
document.querySelectorAll("[data-toggle]").forEach(button => button.addEventListener("click", () => toggle(button.dataset.toggle)));
get("copy").addEventListener("input", event => { state.copy = +event.target.value; show(); });
get("quantity").addEventListener("change", event => { state.quantity = +event.target.value; show(); });
get("chart").addEventListener("click", event => {
    const box = get("chart").getBoundingClientRect();
    state.copy = Math.min(scene().copies - 1, Math.floor((event.clientX - box.left) / box.width * scene().copies));
    show();
});
get("play").addEventListener("click", () => play(!player));
get("picture").addEventListener("click", savePicture);
get("theme").addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
get("help").addEventListener("click", () => get("keys").showModal());
get("search").addEventListener("input", arrange);
get("order").addEventListener("change", arrange);
window.addEventListener("resize", drawChart);

const keys = {
    ArrowLeft: () => step(-1), ArrowRight: () => step(1), " ": () => play(!player), o: () => toggle("overlay"),
    s: () => cycle("style"), h: () => cycle("hydrogens"), t: () => toggle("spin"), p: savePicture,
    d: () => setTheme(isDark() ? "light" : "dark"), r: () => stage.reset(), "?": () => get("keys").showModal(),
    ArrowUp: () => move(-1), ArrowDown: () => move(1), "+": () => stage.magnify(1.15), "-": () => stage.magnify(1 / 1.15)
};

function move(change) {
    const place = order.indexOf(state.index) + change;
    if (place >= 0 && place < order.length)
        select(order[place]);
}

document.addEventListener("keydown", event => {
    const isTyping = event.target.matches("input[type=search], select") || get("keys").open;
    const isButton = event.key === " " && event.target.matches("button, [type=range]");
    if (isTyping || isButton || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key])
        return;
    event.preventDefault();
    keys[event.key]();
});

// 5. The start

try {
    stage = new Stage.Stage(get("view"), {
        onHover(atom, event) {
            get("hint").hidden = atom === null;
            if (atom === null)
                return;
            const box = get("stage").getBoundingClientRect();
            get("hint").textContent = atomName(atom);
            get("hint").style.left = `${event.clientX - box.left + 14}px`;
            get("hint").style.top = `${event.clientY - box.top - 30}px`;
        },
        onMeasure(found) {
            get("measure").textContent = !found ? "" : found.atoms.map(atomName).join(" – ");
            if (found && found.unit)
                make("b", `${found.value.toFixed(found.unit === "Å" ? 3 : 1).replace("-", "−")}${found.unit === "Å" ? " Å" : "°"}`, get("measure"));
        }
    });
    miniatures = scenes.length > 1 ? new Stage.Miniatures(240, 180) : null;
}
catch (error) {
    get("failure").hidden = false;
    get("failure").textContent = `This page needs WebGL 2, which this browser does not offer (${error.message}).`;
}
const asked = new URLSearchParams(location.hash.slice(1));
for (const [name, value] of asked)
    if (name in state)
        state[name] = value === "true" || (value === "false" ? false : /^\d+$/.test(value) ? +value : value);
const {index, copy} = state;
const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
prefersDark.addEventListener("change", event => setTheme(event.matches ? "dark" : "light"));
arrange();
setTheme(asked.get("theme") || data.theme || (prefersDark.matches ? "dark" : "light"));
select(Math.min(index, scenes.length - 1));
state.copy = Math.min(copy, scene().copies - 1);
show();
if (state.spin && stage)
    stage.spin(true);
window.orbitGallery = {state, select, step, toggle, stage};
})();
