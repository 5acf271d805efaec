// SPDX-License-Identifier: MIT
// The stage: one molecule with its copies, turned by hand, with names of atoms and distances between them.
"use strict";
const Stage = (() => {

const FOCAL = 1 / Math.tan(0.5 * 24 * Math.PI / 180);
// Other copies are drawn along as long as they have fewer atoms than this together.
const GHOST_ATOMS = 60000, GHOST_RIBBONS = 16;

function multiply(a, b) {
    return a.map((_, k) => [0, 1, 2].reduce((sum, j) => sum + a[3 * Math.floor(k / 3) + j] * b[3 * j + k % 3], 0));
}

function turn(axis, angle) {
    const [x, y, z] = Shapes.unit(axis), c = Math.cos(angle), s = Math.sin(angle), t = 1 - c;
    return [t * x * x + c, t * x * y - s * z, t * x * z + s * y, t * x * y + s * z, t * y * y + c, t * y * z - s * x,
            t * x * z - s * y, t * y * z + s * x, t * z * z + c];
}

// The camera that sees everything within a distance (reach) of a centre.
function makeCamera({center, reach, rotation, zoom = 1, shift = [0, 0]}, aspect) {
    const r = rotation, focus = reach * Math.hypot(1, FOCAL) * Math.max(1, 1 / aspect) / zoom;
    const place = [0, 1, 2].map(k => -(r[3 * k] * center[0] + r[3 * k + 1] * center[1] + r[3 * k + 2] * center[2]));
    const view = [r[0], r[3], r[6], 0, r[1], r[4], r[7], 0, r[2], r[5], r[8], 0,
                  place[0] + shift[0], place[1] + shift[1], place[2] - focus, 1];
    const near = Math.max(0.5, focus - 1.6 * reach - 4), far = focus + 1.6 * reach + 4;
    const projection = [FOCAL / aspect, 0, 0, 0, 0, FOCAL, 0, 0, 0, 0, (near + far) / (near - far), -1,
                        0, 0, 2 * near * far / (near - far), 0];
    return {view, projection, near, far, focus, reach, focal: FOCAL};
}

// How much larger than that a molecule can be drawn which is longer than high, as it is seen first.
function fit({reach, half}, aspect) {
    return Math.min(2.2, Math.max(0.7, 0.92 * Math.min(reach * Math.max(aspect, 1) / half[0], reach * Math.max(1, 1 / aspect) / half[1])));
}

const TILT = 0.35;

// Centre and reach of what is drawn of a copy, and half of its width and height as it is seen first.
function bounds(positions, visible) {
    const center = [0, 0, 0];
    const half = [0, 0], [c, s] = [Math.cos(TILT), Math.sin(TILT)];
    let count = 0, reach = 0;
    for (let k = 0; k < visible.length; k++)
        if (visible[k]) {
            count++;
            for (let i = 0; i < 3; i++)
                center[i] += positions[3 * k + i];
        }
    for (let i = 0; i < 3; i++)
        center[i] /= count || 1;
    for (let k = 0; k < visible.length; k++)
        if (visible[k]) {
            const [x, y, z] = [0, 1, 2].map(i => positions[3 * k + i] - center[i]);
            reach = Math.max(reach, Math.hypot(x, y, z));
            half[0] = Math.max(half[0], Math.abs(x));
            half[1] = Math.max(half[1], Math.abs(c * y - s * z));
        }
    return {center, reach: reach + 1.6, half: half.map(value => value + 1.4)};
}

// Positions of all copies of a molecule, decoded when they are first needed.
function copyOf(scene, index) {
    if (!scene.decoded)
        scene.decoded = Shapes.decode(scene.positions, scene.scale);
    const size = 3 * scene.elements.length;
    return scene.decoded.subarray(index * size, (index + 1) * size);
}

// Everything that is drawn of one copy.
function shapesOf(scene, index, options) {
    const found = [Shapes.sticks(scene, copyOf(scene, index), options)];
    if (scene.ribbon && options.ribbon)
        found.push(Shapes.ribbon(scene, copyOf(scene, index), scene.ribbon.structure[index], options));
    return found;
}

class Stage {
    constructor(canvas, {onHover, onMeasure}) {
        this.canvas = canvas;
        this.painter = new Painter(canvas);
        this.told = {onHover, onMeasure};
        this.scene = null;
        this.copy = 0;
        this.options = {};
        this.ghosts = [];
        this.parts = [];
        this.marks = [];
        this.chosen = [];
        this.spinning = false;
        this.slow = 0;
        this.reset();
        this.listen();
        new ResizeObserver(() => this.redraw()).observe(canvas);
        canvas.addEventListener("webglcontextlost", event => event.preventDefault());
        canvas.addEventListener("webglcontextrestored", () => {
            this.painter.prepare();
            this.ghosts = this.parts = this.marks = [];
            this.build(true);
        });
    }

    reset() {
        this.rotation = turn([1, 0, 0], TILT);
        this.zoom = 1;
        this.shift = [0, 0];
        this.redraw();
    }

    show(scene, copy, options) {
        const isOther = scene !== this.scene;
        const rebuilds = isOther || JSON.stringify(options) !== JSON.stringify(this.options);
        this.scene = scene;
        this.copy = copy;
        this.options = options;
        if (isOther) {
            this.chosen = [];
            this.told.onMeasure(null);
            this.reset();
        }
        this.build(rebuilds || options.overlay);
    }

    free(parts) {
        this.painter.free(parts);
    }

    build(withGhosts) {
        const {scene, copy, options, painter} = this;
        if (!scene)
            return;
        this.visible = Shapes.visibleAtoms(scene, options);
        this.free(this.parts);
        this.parts = shapesOf(scene, copy, options).flatMap(shapes => painter.upload(shapes));
        if (withGhosts) {
            this.free(this.ghosts);
            this.ghosts = [];
            const most = Math.min(GHOST_ATOMS / scene.elements.length, scene.ribbon && options.ribbon ? GHOST_RIBBONS : Infinity);
            const step = Math.max(1, Math.ceil(scene.copies / Math.max(1, most)));
            const pale = {...options, fade: 0.66, thin: true, style: "sticks", hydrogens: options.hydrogens === "all" ? "polar" : options.hydrogens};
            for (let k = 0; options.overlay && k < scene.copies; k += step)
                if (k !== copy)
                    this.ghosts.push(...shapesOf(scene, k, pale).flatMap(shapes => painter.upload(shapes)));
        }
        const all = scene.ribbon && options.ribbon ? new Uint8Array(scene.elements.length).fill(1) : this.visible;
        this.bounds = bounds(copyOf(scene, 0), all);
        if (options.overlay) {
            const {center} = this.bounds;
            for (let k = 0; k < scene.copies; k++) {
                const other = bounds(copyOf(scene, k), all);
                const away = other.center.map((value, i) => value - center[i]);
                this.bounds.reach = Math.max(this.bounds.reach, other.reach + 0.5 * Math.hypot(...away));
                this.bounds.half = this.bounds.half.map((value, i) => Math.max(value, other.half[i] + Math.abs(away[i])));
            }
        }
        this.mark();
    }

    // Atoms that were clicked, in the colour of the page.
    mark() {
        this.free(this.marks);
        const positions = copyOf(this.scene, this.copy), spheres = [], color = Shapes.rgb("f0a030");
        for (const atom of this.chosen)
            spheres.push(...positions.subarray(3 * atom, 3 * atom + 3), this.options.style === "balls" ? 0.42 : 0.34, ...color);
        const rods = [];
        for (let k = 0; k + 1 < this.chosen.length; k++)
            rods.push(...positions.subarray(3 * this.chosen[k], 3 * this.chosen[k] + 3),
                ...positions.subarray(3 * this.chosen[k + 1], 3 * this.chosen[k + 1] + 3), 0.06, ...color, ...color);
        this.marks = this.painter.upload({spheres: new Float32Array(spheres), rods: new Float32Array(rods)});
        if (this.chosen.length > 1) {
            const points = this.chosen.map(atom => Array.from(positions.subarray(3 * atom, 3 * atom + 3)));
            this.told.onMeasure({atoms: this.chosen, ...Shapes.measure(points)});
        }
        else
            this.told.onMeasure(this.chosen.length ? {atoms: this.chosen} : null);
        this.redraw();
    }

    redraw() {
        if (!this.waiting && this.scene)
            this.waiting = requestAnimationFrame(time => this.frame(time));
    }

    frame(time, isStill = false) {
        this.waiting = 0;
        const box = this.canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
        if (!box.width || !box.height || !this.scene)
            return;
        if (this.spinning) {
            const passed = Math.min(0.1, (time - (this.before || time)) / 1000);
            this.rotation = multiply(turn([0, 1, 0], 0.5 * passed), this.rotation);
            this.redraw();
        }
        // Where pictures follow each other slowly, those in between are coarser.
        const isMoving = !isStill && (this.spinning || this.dragging);
        if (isMoving && this.before)
            this.slow = Math.max(0, Math.min(6, this.slow + (time - this.before > 45 ? 1 : -1)));
        const isCoarse = isMoving && this.slow > 3;
        this.before = time;
        // Two points for each of the screen's.
        const density = (isCoarse || ratio >= 2 ? 1 : 2) * ratio;
        const width = Math.round(box.width * density), height = Math.round(box.height * density);
        if (this.canvas.width !== width || this.canvas.height !== height) {
            this.canvas.width = width;
            this.canvas.height = height;
        }
        this.camera = makeCamera({...this.bounds, rotation: this.rotation, shift: this.shift,
            zoom: this.zoom * fit(this.bounds, width / height)}, width / height);
        this.painter.draw([...this.ghosts, ...this.parts, ...this.marks], this.camera,
            {width, height, background: this.options.background, density, shade: !isCoarse});
    }

    // The picture as it stands, as a data URL.
    picture() {
        this.frame(performance.now(), true);
        return this.canvas.toDataURL("image/png");
    }

    spin(isOn) {
        this.spinning = isOn;
        this.before = 0;
        this.redraw();
    }

    rotate(x, y) {
        const length = Math.hypot(x, y);
        if (length > 0)
            this.rotation = multiply(turn([y, x, 0], length), this.rotation);
        this.redraw();
    }

    magnify(factor) {
        this.zoom = Math.min(12, Math.max(0.3, this.zoom * factor));
        this.redraw();
    }

    move(x, y) {
        const size = 2 * this.camera.focus / FOCAL / this.canvas.getBoundingClientRect().height;
        this.shift = [this.shift[0] + x * size, this.shift[1] - y * size];
        this.redraw();
    }

    // The atom under the pointer, or -1.
    atomAt(event) {
        if (!this.camera)
            return -1;
        const box = this.canvas.getBoundingClientRect(), aspect = box.width / box.height;
        const x = 2 * (event.clientX - box.left) / box.width - 1, y = 1 - 2 * (event.clientY - box.top) / box.height;
        const ray = Shapes.unit([x * aspect / FOCAL, y / FOCAL, -1]), m = this.camera.view;
        const back = v => [0, 1, 2].map(k => m[4 * k] * v[0] + m[4 * k + 1] * v[1] + m[4 * k + 2] * v[2]);
        return Shapes.pick(this.scene, copyOf(this.scene, this.copy), this.visible, back([-m[12], -m[13], -m[14]]), back(ray),
            this.options.style === "spheres" ? 1.3 : 0.42);
    }

    choose(atom) {
        if (atom < 0)
            this.chosen = [];
        else if (this.chosen.includes(atom))
            this.chosen = this.chosen.filter(other => other !== atom);
        else
            this.chosen = [...(this.chosen.length === 4 ? [] : this.chosen), atom];
        this.mark();
    }

    listen() {
        const canvas = this.canvas, pointers = new Map();
        let travelled = 0;
        canvas.addEventListener("pointerdown", event => {
            pointers.set(event.pointerId, event);
            canvas.setPointerCapture(event.pointerId);
            travelled = 0;
            this.dragging = true;
            this.before = 0;
            this.told.onHover(null);
        });
        canvas.addEventListener("pointermove", event => {
            const before = pointers.get(event.pointerId);
            if (!before) {
                if (event.pointerType === "mouse") {
                    const atom = this.atomAt(event);
                    canvas.style.cursor = atom < 0 ? "grab" : "pointer";
                    this.told.onHover(atom < 0 ? null : atom, event);
                }
                return;
            }
            const x = event.clientX - before.clientX, y = event.clientY - before.clientY;
            travelled += Math.abs(x) + Math.abs(y);
            if (pointers.size === 2) {
                const [other] = [...pointers.values()].filter(one => one.pointerId !== event.pointerId);
                const apart = one => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
                this.magnify(apart(event) / Math.max(1, apart(before)));
                this.move(0.5 * x, 0.5 * y);
            }
            else if (event.shiftKey || event.buttons & 2)
                this.move(x, y);
            else
                this.rotate(0.009 * x, 0.009 * y);
            pointers.set(event.pointerId, event);
        });
        const end = event => {
            if (pointers.delete(event.pointerId) && event.type === "pointerup" && travelled < 4 && event.button === 0)
                this.choose(this.atomAt(event));
            this.dragging = pointers.size > 0;
            this.redraw();
        };
        canvas.addEventListener("pointerup", end);
        canvas.addEventListener("pointercancel", end);
        canvas.addEventListener("pointerleave", () => this.told.onHover(null));
        canvas.addEventListener("contextmenu", event => event.preventDefault());
        canvas.addEventListener("dblclick", () => this.reset());
        canvas.addEventListener("wheel", event => {
            event.preventDefault();
            this.magnify(Math.exp(-0.0012 * event.deltaY * (event.deltaMode === 1 ? 24 : 1)));
        }, {passive: false});
    }
}

// Small pictures of many molecules, with one painter for all.
class Miniatures {
    constructor(width, height) {
        this.size = {width: 2 * width, height: 2 * height};
        this.canvas = document.createElement("canvas");
        Object.assign(this.canvas, this.size);
        this.painter = new Painter(this.canvas);
    }

    draw(scene, options, target) {
        const {width, height} = this.size, painter = this.painter;
        const plain = {...options, style: "sticks", hydrogens: "polar", ribbon: Boolean(scene.ribbon), sidechains: false};
        const all = scene.ribbon ? new Uint8Array(scene.elements.length).fill(1) : Shapes.visibleAtoms(scene, plain);
        const pale = {...plain, fade: 0.6, thin: true, hydrogens: "none"}, parts = [];
        const some = Math.min(scene.copies - 1, scene.elements.length > 400 ? 0 : 9);
        const others = Array.from({length: some}, (_, k) => Math.round((k + 1) * (scene.copies - 1) / some));
        for (const k of others)
            parts.push(...shapesOf(scene, k, pale).flatMap(shapes => painter.upload(shapes)));
        parts.push(...shapesOf(scene, 0, plain).flatMap(shapes => painter.upload(shapes)));
        const found = bounds(copyOf(scene, 0), all), {center} = found;
        for (const k of others) {
            const other = bounds(copyOf(scene, k), all);
            found.half = found.half.map((half, i) => Math.max(half, other.half[i] + Math.abs(other.center[i] - center[i])));
        }
        const camera = makeCamera({...found, rotation: turn([1, 0, 0], TILT), zoom: fit(found, width / height)}, width / height);
        painter.draw(parts, camera, {width, height, background: options.background, density: 2});
        painter.free(parts);
        const context = target.getContext("2d");
        Object.assign(target, this.size);
        context.drawImage(this.canvas, 0, 0);
    }
}

return {Stage, Miniatures, bounds, makeCamera, copyOf};
})();
