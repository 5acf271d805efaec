// SPDX-License-Identifier: MIT
// A browser without pictures: elements that remember what they are given, and a device that accepts everything. What the
// scripts of the gallery ask for is there; listeners, observers and frames are kept, so that a test can call them.
"use strict";
const heard = [], frames = [], observers = [], everything = new Proxy(function () {}, {
    get: (target, name) => name === Symbol.toPrimitive ? () => 1 : everything, apply: () => everything,
    construct: () => everything, set: () => true, has: () => true
});
const device = new Proxy({}, {get: (target, name) =>
    name === "isContextLost" ? () => false : name === "getProgramParameter" ? () => 0.5 : () => everything});
class Element {
    constructor(tag) {
        Object.assign(this, {tag, dataset: {}, children: [], style: {}, value: "", text: "", attributes: {}, hidden: false,
                             width: 300, height: 150, isConnected: true, names: new Set()});
        this.classList = {contains: name => this.names.has(name), toggle: (name, isOn) => isOn ? this.names.add(name) : this.names.delete(name)};
    }
    get textContent() { return this.text + this.children.map(child => child.textContent ?? child).join(""); }
    set textContent(text) { this.text = text; this.children = []; }
    append(...children) { this.children.push(...children); }
    replaceChildren(...children) { this.text = ""; this.children = children; }
    setAttribute(name, value) { this.attributes[name] = String(value); }
    addEventListener(name, call) { heard.push({element: this, name, call}); }
    getContext(kind) { return kind === "webgl2" ? device : everything; }
    getBoundingClientRect() { return {left: 0, top: 0, width: 800, height: 600}; }
    querySelector(what) { return this.children.find(child => child.tag === what); }
    matches() { return false; }
    closest() { return null; }
    scrollIntoView() {}
    setPointerCapture() {}
    showModal() { this.open = true; }
    toDataURL() { return "data:,"; }
    click() { this.isClicked = true; }
}
const elements = {}, root = new Element("html"), buttons = TOGGLES.map(name => {
    const button = new Element("button");
    button.dataset.toggle = name;
    return button;
});
const document = {
    documentElement: root, body: new Element("body"), getElementById: id => elements[id] ||= new Element(id),
    createElement: tag => new Element(tag), querySelectorAll: () => buttons,
    addEventListener: (name, call) => heard.push({element: document, name, call})
};
document.getElementById("data").textContent = DATA;
for (const [id, values] of [["style", ["sticks", "balls", "spheres"]], ["hydrogens", ["all", "polar", "none"]]])
    for (const value of values) {
        const button = new Element("button");
        button.dataset.value = value;
        document.getElementById(id).append(button);
    }
const window = {devicePixelRatio: 1, addEventListener: (name, call) => heard.push({element: window, name, call}),
                matchMedia: () => ({matches: false, addEventListener: (name, call) => heard.push({element: null, name, call})})};
const location = {hash: ""}, performance = {now: () => 0};
class URLSearchParams { get() { return null; } has() { return false; } *[Symbol.iterator]() {} }
const getComputedStyle = () => ({getPropertyValue: () => " #fbfaf8"});
const requestAnimationFrame = call => frames.push(call);
const setInterval = call => { frames.push(() => call()); return 1; }, clearInterval = () => {};
class ResizeObserver { constructor(call) { observers.push(call); } observe() {} }
class IntersectionObserver { constructor(call) { this.call = call; this.seen = []; observers.push(isSeen => this.tell(isSeen)); }
    observe(target) { this.seen.push(target); }
    tell(isIntersecting) { this.call(this.seen.map(target => ({target, isIntersecting}))); } }
// Draw what waits to be drawn, as often as that leads to more, up to a limit.
function settle() {
    for (let k = 0; k < 60 && frames.length; k++)
        frames.splice(0).forEach(call => call(16 * k));
}
// Call the listeners of an element.
function send(element, name, event = {}) {
    for (const one of heard.filter(entry => entry.element === element && entry.name === name))
        one.call({target: element, preventDefault() {}, clientX: 400, clientY: 300, deltaY: 10, buttons: 0, button: 0, pointerId: 1,
                  pointerType: "mouse", type: name, ...event});
    settle();
}
