// SPDX-License-Identifier: MIT
// What a molecule looks like: spheres, sticks and ribbons as plain numbers, from atoms, bonds and positions in Angstrom.
"use strict";
const Shapes = (() => {

const COLORS = {1: "e4e6ea", 5: "e8a07f", 6: "69727f", 7: "3f74dc", 8: "dc4a41", 9: "45ae62", 11: "8a63c9", 12: "3f9d4f",
                14: "c9a36b", 15: "ee8b22", 16: "e0b92a", 17: "3aa54a", 19: "7d57bd", 20: "5f9e5a", 26: "c96f2f",
                29: "b8743a", 30: "7f86a8", 34: "d98b00", 35: "a3473a", 53: "7a3fa8"};
const OTHER = "b0509f", NAMELESS = "5f8fb8";
const RADII = {0: 1.9, 1: 1.10, 6: 1.70, 7: 1.55, 8: 1.52, 9: 1.47, 15: 1.80, 16: 1.80, 17: 1.75, 35: 1.85, 53: 1.98};
const STRUCTURE = {H: "d0604c", E: "3f86c4", C: "b9b3a8"};

// 1. Numbers

function decode(text, scale) {
    const table = new Uint8Array(128);
    for (let k = 0; k < 64; k++)
        table["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".charCodeAt(k)] = k;
    const length = text.replace(/=+$/, "").length, bytes = new Uint8Array(length * 3 >> 2);
    for (let k = 0, at = 0, bits = 0, held = 0; k < length; k++) {
        held = held << 6 | table[text.charCodeAt(k)];
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[at++] = held >> bits & 255;
        }
    }
    const values = new Float32Array(bytes.length >> 1);
    for (let k = 0; k < values.length; k++)
        values[k] = ((bytes[2 * k] | bytes[2 * k + 1] << 8) << 16 >> 16) * scale;
    return values;
}

const rgb = hex => [0, 2, 4].map(k => parseInt(hex.slice(k, k + 2), 16) / 255);
const mix = (a, b, t) => a.map((value, k) => value + (b[k] - value) * t);
const sub = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const add = (a, b, s = 1) => [a[0] + s * b[0], a[1] + s * b[1], a[2] + s * b[2]];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const norm = a => Math.hypot(a[0], a[1], a[2]);
const unit = a => { const length = norm(a) || 1; return [a[0] / length, a[1] / length, a[2] / length]; };

// Distance, angle or dihedral angle of two, three or four points, with its unit.
function measure(points) {
    const degrees = 180 / Math.PI, [a, b, c, d] = points;
    if (points.length === 2)
        return {value: norm(sub(a, b)), unit: "Å"};
    if (points.length === 3) {
        const one = unit(sub(a, b)), two = unit(sub(c, b));
        return {value: degrees * Math.acos(Math.max(-1, Math.min(1, dot(one, two)))), unit: "°"};
    }
    const first = sub(b, a), axis = sub(c, b), last = sub(d, c), normal = cross(first, axis), other = cross(axis, last);
    return {value: degrees * Math.atan2(norm(axis) * dot(first, other), dot(normal, other)), unit: "°"};
}

// 2. Molecules

function elementColor(element, dark) {
    if (element === 6 && dark)
        return rgb("9aa3b0");
    return rgb(element === 0 ? NAMELESS : COLORS[element] || OTHER);
}

// Which atoms are drawn: of polymers only if asked for, and hydrogens "all", those on other atoms than carbon, or none.
function visibleAtoms(scene, options) {
    const visible = new Uint8Array(scene.elements.length), partner = new Int32Array(scene.elements.length).fill(-1);
    for (let k = 0; k < scene.bonds.length; k += 3) {
        partner[scene.bonds[k]] = scene.bonds[k + 1];
        partner[scene.bonds[k + 1]] = scene.bonds[k];
    }
    for (let k = 0; k < visible.length; k++) {
        const isHidden = scene.polymer && scene.polymer[k] === "1" && options.ribbon && !options.sidechains;
        const onCarbon = partner[k] >= 0 && scene.elements[partner[k]] === 6;
        const isLeftOut = scene.elements[k] === 1 &&
            (options.hydrogens === "none" || options.hydrogens === "polar" && onCarbon);
        visible[k] = isHidden || isLeftOut ? 0 : 1;
    }
    return visible;
}

const at = (positions, k) => [positions[3 * k], positions[3 * k + 1], positions[3 * k + 2]];

// A direction across a bond, in the plane of what is bonded to its ends.
function besideBond(scene, positions, k, axis) {
    const [one, two] = [scene.bonds[k], scene.bonds[k + 1]];
    for (let other = 0; other < scene.bonds.length; other += 3) {
        if (other === k)
            continue;
        for (const [near, far] of [[scene.bonds[other], scene.bonds[other + 1]],
                                   [scene.bonds[other + 1], scene.bonds[other]]])
            if (near === one || near === two) {
                const arm = sub(at(positions, far), at(positions, near));
                const across = add(arm, axis, -dot(arm, axis));
                if (norm(across) > 0.2)
                    return unit(across);
            }
    }
    return unit(cross(axis, Math.abs(axis[0]) < 0.8 ? [1, 0, 0] : [0, 1, 0]));
}

// Spheres (x y z radius r g b) and sticks (two ends, radius, colours of both halves) of one copy.
function sticks(scene, positions, options) {
    const spheres = [], rods = [], visible = visibleAtoms(scene, options);
    const thick = options.thin ? 0.055 : options.style === "balls" ? 0.12 : scene.polymer && options.sidechains ? 0.14 : 0.19;
    const colors = scene.elements.map(element => {
        const color = elementColor(element, options.dark);
        return options.fade ? mix(color, options.background, options.fade) : color;
    });
    const bonded = new Uint8Array(scene.elements.length);
    for (let k = 0; k < scene.bonds.length; k += 3) {
        const [one, two, order] = scene.bonds.slice(k, k + 3);
        bonded[one] = bonded[two] = 1;
        if (!visible[one] || !visible[two] || options.style === "spheres")
            continue;
        const a = at(positions, one), b = at(positions, two), axis = unit(sub(b, a));
        const lines = options.style !== "balls" || order < 2 || order === 5 ? [[0, 1]] :
            order === 3 ? [[-0.2, 0.62], [0, 0.62], [0.2, 0.62]] :
                order === 4 ? [[0, 1], [0.24, 0.42]] : [[-0.13, 0.72], [0.13, 0.72]];
        const across = lines.length > 1 ? besideBond(scene, positions, k, axis) : [0, 0, 0];
        for (const [shift, width] of lines)
            rods.push(...add(a, across, shift), ...add(b, across, shift), thick * width, ...colors[one], ...colors[two]);
    }
    for (let k = 0; k < scene.elements.length; k++) {
        if (!visible[k])
            continue;
        const element = scene.elements[k], full = (RADII[element] || 2.0) * (element === 0 ? scene.beadSize || 1 : 1);
        let radius = thick;
        if (options.style === "spheres" || !bonded[k] && !options.thin)
            radius = bonded[k] || element === 0 ? full : 0.5 * full;
        else if (options.style === "balls" || element === 0 && !options.thin)
            radius = element === 1 ? 0.2 : 0.16 * full + 0.03;
        spheres.push(...at(positions, k), radius, ...colors[k]);
    }
    return {spheres: new Float32Array(spheres), rods: new Float32Array(rods)};
}

// 3. Ribbons

const FINENESS = 7, AROUND = 12;
const HALF = {H: [1.3, 0.22], E: [1.15, 0.24], C: [0.27, 0.27]}, HEAD = 1.95;

// A smooth curve through points (Catmull-Rom): so many points for each step, and the last one.
function spline(points) {
    const n = points.length, curve = [];
    const before = add(points[0], sub(points[0], points[1])), after = add(points[n - 1], sub(points[n - 1], points[n - 2]));
    const get = k => k < 0 ? before : k >= n ? after : points[k];
    for (let k = 0; k + 1 < n; k++)
        for (let part = 0; part < FINENESS; part++) {
            const t = part / FINENESS, [a, b, c, d] = [get(k - 1), get(k), get(k + 1), get(k + 2)];
            curve.push([0, 1, 2].map(i => 0.5 * (2 * b[i] + (c[i] - a[i]) * t +
                (2 * a[i] - 5 * b[i] + 4 * c[i] - d[i]) * t * t + (3 * b[i] - a[i] - 3 * c[i] + d[i]) * t * t * t)));
        }
    curve.push(points[n - 1]);
    return curve;
}

// The direction across the band at every residue: along the axis of a helix, in the plane of a sheet.
function sides(points) {
    const found = [];
    for (let k = 1; k + 1 < points.length; k++) {
        const across = cross(sub(points[k], points[k - 1]), sub(points[k + 1], points[k]));
        if (norm(across) > 1e-3)
            found.push(unit(across));
        else if (found.length)
            found.push(found[found.length - 1]);
    }
    if (!found.length)
        found.push(unit(cross(sub(points[1], points[0]), [0.3, 0.5, 0.8])));
    found.unshift(found[0]);
    while (found.length < points.length)
        found.push(found[found.length - 1]);
    for (let k = 1; k < found.length; k++)
        if (dot(found[k], found[k - 1]) < 0)
            found[k] = found[k].map(value => -value);
    return found;
}

// Half of width and height of the band at every point of the curve; arrows at the ends of strands.
function profile(structure) {
    const n = structure.length, sizes = [];
    for (let k = 0; k + 1 < n; k++)
        for (let part = 0; part < FINENESS; part++) {
            const t = part / FINENESS, ease = t * t * (3 - 2 * t), one = structure[k], two = structure[k + 1];
            const isHead = one === "E" && two === "E" && (k + 2 === n || structure[k + 2] !== "E");
            if (isHead)
                sizes.push([HEAD + (HALF.C[0] - HEAD) * t, HALF.E[1]]);
            else if (one === "E" && two !== "E")
                sizes.push(HALF.C);
            else
                sizes.push(mix(HALF[one], HALF[two], ease));
        }
    sizes.push(structure[n - 1] === "E" ? HALF.C : HALF[structure[n - 1]]);
    return sizes;
}

function residueColors(structure, options, whole) {
    return Array.from(structure, (letter, k) => {
        let color = rgb(STRUCTURE[letter]);
        if (options.rainbow) {
            const t = whole.length > 1 ? (whole.first + k) / (whole.length - 1) : 0;
            const stops = [rgb("3b63b5"), rgb("3aa3a0"), rgb("8fbc4f"), rgb("f0bf3f"), rgb("dd5b43")];
            const place = Math.min(3.999, 4 * t), index = Math.floor(place);
            color = mix(stops[index], stops[index + 1], place - index);
        }
        return options.fade ? mix(color, options.background, options.fade) : color;
    });
}

// Add the mesh of one run of bonded residues.
function addSegment(mesh, points, structure, colors, thin) {
    const smoothed = points.map((point, k) => {
        const strength = k === 0 || k + 1 === points.length ? 0 : {H: 0, E: 1, C: 0.35}[structure[k]];
        return strength ? mix(point, add(add(points[k - 1], points[k], 2), points[k + 1]).map(v => 0.25 * v), strength) : point;
    });
    const curve = spline(smoothed), across = spline(sides(points)), sizes = profile(structure), base = mesh.positions.length / 3;
    for (let k = 0; k < curve.length; k++) {
        const tangent = unit(sub(curve[Math.min(k + 1, curve.length - 1)], curve[Math.max(k - 1, 0)]));
        const side = unit(add(across[k], tangent, -dot(across[k], tangent))), up = cross(tangent, side);
        const color = colors[Math.min(colors.length - 1, Math.round(k / FINENESS))];
        const [width, height] = thin ? sizes[k].map(size => Math.min(0.3, 0.55 * size)) : sizes[k];
        for (let j = 0; j < AROUND; j++) {
            const angle = 2 * Math.PI * j / AROUND, c = Math.cos(angle), s = Math.sin(angle);
            // A superellipse, so that bands have edges.
            const power = width > 1.5 * height ? 0.55 : 1, x = Math.sign(c) * Math.abs(c) ** power, y = Math.sign(s) * Math.abs(s) ** power;
            mesh.positions.push(...add(add(curve[k], side, width * x), up, height * y));
            mesh.normals.push(...unit(add(side.map(v => v * c / width), up, s / height)));
            mesh.colors.push(...color);
        }
    }
    for (let k = 0; k + 1 < curve.length; k++)
        for (let j = 0; j < AROUND; j++) {
            const a = base + k * AROUND + j, b = base + k * AROUND + (j + 1) % AROUND;
            mesh.indices.push(a, b, a + AROUND, b, b + AROUND, a + AROUND);
        }
    for (const ring of [base, base + (curve.length - 1) * AROUND])
        for (let j = 1; j + 1 < AROUND; j++)
            mesh.indices.push(ring, ring + j, ring + j + 1);
}

// The mesh of all ribbons of one copy.
function ribbon(scene, positions, structure, options) {
    const mesh = {positions: [], normals: [], colors: [], indices: []}, {atoms, starts} = scene.ribbon;
    for (let k = 0; k < starts.length; k++) {
        const first = starts[k], end = k + 1 < starts.length ? starts[k + 1] : atoms.length;
        if (end - first < 2)
            continue;
        const letters = structure.slice(first, end);
        addSegment(mesh, atoms.slice(first, end).map(atom => at(positions, atom)), letters,
            residueColors(letters, options, {first, length: atoms.length}), options.thin);
    }
    return {positions: new Float32Array(mesh.positions), normals: new Float32Array(mesh.normals),
            colors: new Float32Array(mesh.colors), indices: new Uint32Array(mesh.indices)};
}

// The atom that a ray meets first, or -1.
function pick(scene, positions, visible, origin, direction, radius) {
    let best = -1, nearest = Infinity;
    for (let k = 0; k < scene.elements.length; k++) {
        if (!visible[k])
            continue;
        const away = sub(at(positions, k), origin), along = dot(away, direction);
        const apart = dot(away, away) - along * along;
        if (along > 0 && apart < radius * radius && along < nearest) {
            nearest = along;
            best = k;
        }
    }
    return best;
}

return {decode, rgb, mix, measure, visibleAtoms, sticks, ribbon, pick, unit, cross, dot, sub, add};
})();
