// SPDX-License-Identifier: MIT
// Draws spheres, sticks and ribbons with WebGL 2: exact surfaces by casting rays, soft shade between them, and outlines.
"use strict";
const Painter = (() => {

const HEAD = `#version 300 es
precision highp float;
precision highp int;
uniform mat4 view, projection;
uniform float near, far;
`;
const SHADE = `
out vec4 outColor;
vec3 shade(vec3 color, vec3 normal, vec3 place) {
    vec3 key = normalize(vec3(-0.45, 0.75, 0.9)), fill = normalize(vec3(0.8, -0.2, 0.5)), eye = normalize(-place);
    float light = 0.52 + 0.48*max(dot(normal, key), 0.0) + 0.16*max(dot(normal, fill), 0.0);
    float gloss = pow(max(dot(normal, normalize(key + eye)), 0.0), 42.0)*0.16;
    float rim = pow(1.0 - max(dot(normal, eye), 0.0), 3.0)*0.10;
    return color*light + gloss + rim*color;
}
void emit(vec3 color, vec3 normal, vec3 place) {
    vec4 clip = projection*vec4(place, 1.0);
    gl_FragDepth = 0.5*clip.z/clip.w + 0.5;
    outColor = vec4(shade(color, normal, place), 1.0);
}
`;
const SPHERE = [HEAD + `
in vec2 corner;
in vec4 sphere;
in vec3 color;
out vec3 center, point, tint;
out float radius;
void main() {
    center = (view*vec4(sphere.xyz, 1.0)).xyz;
    radius = sphere.w;
    tint = color;
    // A square that faces the eye and holds the outline of the sphere as seen from there.
    vec3 toEye = normalize(-center), side = normalize(cross(vec3(0.0, 1.0, 0.0), toEye)), up = cross(toEye, side);
    point = center + toEye*radius + (side*corner.x + up*corner.y)*radius*1.15;
    gl_Position = projection*vec4(point, 1.0);
}`, HEAD + SHADE + `
in vec3 center, point, tint;
in float radius;
void main() {
    vec3 ray = normalize(point);
    float along = dot(ray, center), inside = along*along - dot(center, center) + radius*radius;
    if (inside < 0.0)
        discard;
    vec3 place = ray*(along - sqrt(inside));
    emit(tint, (place - center)/radius, place);
}`];
const ROD = [HEAD + `
in vec3 box, begin, end, color, otherColor;
in float thickness;
out vec3 one, axis, point, tint, otherTint;
out float radius, len;
void main() {
    one = (view*vec4(begin, 1.0)).xyz;
    vec3 two = (view*vec4(end, 1.0)).xyz;
    len = length(two - one);
    axis = (two - one)/max(len, 1e-6);
    radius = thickness;
    tint = color;
    otherTint = otherColor;
    vec3 side = normalize(cross(axis, abs(axis.y) < 0.9 ? vec3(0.0, 1.0, 0.0) : vec3(1.0, 0.0, 0.0)));
    point = one + axis*len*box.z + (side*box.x + cross(axis, side)*box.y)*radius;
    gl_Position = projection*vec4(point, 1.0);
}`, HEAD + SHADE + `
in vec3 one, axis, point, tint, otherTint;
in float radius, len;
void main() {
    vec3 ray = normalize(point), flat_ = ray - axis*dot(ray, axis), away = -one - axis*dot(-one, axis);
    float a = dot(flat_, flat_), b = dot(flat_, away), c = dot(away, away) - radius*radius, inside = b*b - a*c;
    if (inside < 0.0)
        discard;
    vec3 place = ray*((-b - sqrt(inside))/a);
    float along = dot(place - one, axis);
    if (along < 0.0 || along > len)
        discard;
    emit(along < 0.5*len ? tint : otherTint, normalize(place - one - axis*along), place);
}`];
const MESH = [HEAD + `
in vec3 position, normal, color;
out vec3 place, tint, facing;
void main() {
    vec4 seen = view*vec4(position, 1.0);
    place = seen.xyz;
    facing = mat3(view)*normal;
    tint = color;
    gl_Position = projection*seen;
}`, HEAD + SHADE + `
in vec3 place, tint, facing;
void main() {
    vec3 normal = normalize(facing);
    if (dot(normal, place) > 0.0)
        normal = -normal;
    emit(tint, normal, place);
}`];
// Shade in the gaps between surfaces, mist in the distance, and a thin dark line where something stands before another.
const FINISH = [`#version 300 es
in vec2 corner;
out vec2 place;
void main() {
    place = 0.5*corner + 0.5;
    gl_Position = vec4(corner, 0.0, 1.0);
}`, `#version 300 es
precision highp float;
uniform sampler2D colors, depths;
uniform vec3 background;
uniform vec2 pixel, mist;
uniform float near, far, scale, outline, deep;
in vec2 place;
out vec4 outColor;
float depthAt(vec2 where_) {
    float z = 2.0*texture(depths, where_).r - 1.0;
    return 2.0*near*far/(far + near - z*(far - near));
}
void main() {
    vec4 color = texture(colors, place);
    float raw = texture(depths, place).r, depth = depthAt(place), shade = 0.0, edge = 0.0;
    bool isEmpty = raw > 0.999999;
    float spin = fract(52.9829189*fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))))*6.2831853;
    if (!isEmpty && deep > 0.5) {
        for (int k = 0; k < 14; k++) {
            float angle = spin + 2.3999632*float(k), reach = sqrt((float(k) + 0.6)/14.0)*1.5;
            float before = depth - depthAt(place + vec2(cos(angle), sin(angle))*reach*scale*pixel/depth);
            shade += smoothstep(0.06, 0.5, before)*smoothstep(2.6, 1.0, before);
        }
        shade /= 14.0;
    }
    float closest = depth;
    for (int k = 0; k < 8; k++) {
        float angle = 0.7853982*float(k), other = depthAt(place + vec2(cos(angle), sin(angle))*outline*pixel);
        closest = min(closest, other);
        edge = max(edge, smoothstep(0.35, 1.3, depth - other));
    }
    float fog = clamp((min(closest, depth) - mist.x)/(mist.y - mist.x), 0.0, 1.0)*0.62;
    vec3 shown = isEmpty ? background : color.rgb*(1.0 - 0.62*shade);
    shown = mix(shown, shown*0.28, edge*0.5*(isEmpty ? 0.75 : 1.0)*(1.0 - fog));
    if (!isEmpty)
        shown = mix(shown, background, fog);
    outColor = vec4(shown, 1.0);
}`];

function compile(gl, [vertex, fragment]) {
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
        const shader = gl.createShader(kind);
        gl.shaderSource(shader, text);
        gl.compileShader(shader);
        if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost())
            throw new Error(gl.getShaderInfoLog(shader));
        gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
        throw new Error(gl.getProgramInfoLog(program));
    const uniforms = {};
    for (let k = 0; k < gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS); k++) {
        const {name} = gl.getActiveUniform(program, k);
        uniforms[name] = gl.getUniformLocation(program, name);
    }
    return {program, uniforms, where: name => gl.getAttribLocation(program, name)};
}

// A cube as a strip of triangles: x and y from -1 to 1, z from 0 to 1.
const BOX = new Float32Array([1, 1, 1, -1, 1, 1, 1, -1, 1, -1, -1, 1, -1, -1, 0, -1, 1, 1, -1, 1, 0, 1, 1, 1, 1, 1, 0, 1, -1, 1,
                              1, -1, 0, -1, -1, 0, 1, 1, 0, -1, 1, 0]);
const SQUARE = new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]);

class Painter {
    // Throws if the browser has no WebGL 2.
    constructor(canvas) {
        this.canvas = canvas;
        this.gl = canvas.getContext("webgl2", {antialias: false, alpha: true, preserveDrawingBuffer: true,
                                               premultipliedAlpha: false});
        if (!this.gl)
            throw new Error("WebGL 2 is not available");
        this.prepare();
    }

    prepare() {
        const gl = this.gl;
        this.programs = {sphere: compile(gl, SPHERE), rod: compile(gl, ROD), mesh: compile(gl, MESH), finish: compile(gl, FINISH)};
        this.square = this.buffer(SQUARE);
        this.box = this.buffer(BOX);
        this.target = null;
        this.plain = gl.createVertexArray();
        gl.bindVertexArray(this.plain);
        this.attribute(this.programs.finish.where("corner"), this.square, 2, 0, 0, 0);
        gl.bindVertexArray(null);
    }

    buffer(data, kind = this.gl.ARRAY_BUFFER) {
        const buffer = this.gl.createBuffer();
        this.gl.bindBuffer(kind, buffer);
        this.gl.bufferData(kind, data, this.gl.STATIC_DRAW);
        return buffer;
    }

    attribute(place, buffer, size, stride, offset, divisor) {
        const gl = this.gl;
        if (place < 0)
            return;
        gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
        gl.enableVertexAttribArray(place);
        gl.vertexAttribPointer(place, size, gl.FLOAT, false, 4 * stride, 4 * offset);
        gl.vertexAttribDivisor(place, divisor);
    }

    // Put shapes on the device: {spheres, rods} of Shapes.sticks() or a mesh of Shapes.ribbon().
    upload(shapes) {
        const gl = this.gl, made = [], {sphere, rod, mesh} = this.programs;
        const add = (program, draw, buffers, array) => made.push({program, draw, buffers, array});
        if (shapes.spheres && shapes.spheres.length) {
            const data = this.buffer(shapes.spheres), array = gl.createVertexArray(), count = shapes.spheres.length / 7;
            gl.bindVertexArray(array);
            this.attribute(sphere.where("corner"), this.square, 2, 0, 0, 0);
            this.attribute(sphere.where("sphere"), data, 4, 7, 0, 1);
            this.attribute(sphere.where("color"), data, 3, 7, 4, 1);
            add(sphere, () => gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count), [data], array);
        }
        if (shapes.rods && shapes.rods.length) {
            const data = this.buffer(shapes.rods), array = gl.createVertexArray(), count = shapes.rods.length / 13;
            gl.bindVertexArray(array);
            this.attribute(rod.where("box"), this.box, 3, 0, 0, 0);
            for (const [name, size, offset] of [["begin", 3, 0], ["end", 3, 3], ["thickness", 1, 6], ["color", 3, 7],
                                                ["otherColor", 3, 10]])
                this.attribute(rod.where(name), data, size, 13, offset, 1);
            add(rod, () => gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 14, count), [data], array);
        }
        if (shapes.indices && shapes.indices.length) {
            const array = gl.createVertexArray(), count = shapes.indices.length, buffers = [];
            gl.bindVertexArray(array);
            for (const [name, data] of [["position", shapes.positions], ["normal", shapes.normals], ["color", shapes.colors]]) {
                buffers.push(this.buffer(data));
                this.attribute(mesh.where(name), buffers[buffers.length - 1], 3, 0, 0, 0);
            }
            buffers.push(this.buffer(shapes.indices, gl.ELEMENT_ARRAY_BUFFER));
            add(mesh, () => gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_INT, 0), buffers, array);
        }
        gl.bindVertexArray(null);
        return made;
    }

    free(made) {
        for (const {buffers, array} of made) {
            buffers.forEach(buffer => this.gl.deleteBuffer(buffer));
            this.gl.deleteVertexArray(array);
        }
    }

    // Colours and depths of one picture, at its size in pixels.
    aim(width, height) {
        const gl = this.gl;
        if (this.target && this.target.width === width && this.target.height === height)
            return;
        if (this.target) {
            gl.deleteTexture(this.target.color);
            gl.deleteTexture(this.target.depth);
            gl.deleteFramebuffer(this.target.frame);
        }
        const texture = (inner, format, kind) => {
            const made = gl.createTexture();
            gl.bindTexture(gl.TEXTURE_2D, made);
            gl.texImage2D(gl.TEXTURE_2D, 0, inner, width, height, 0, format, kind, null);
            for (const [name, value] of [["MIN_FILTER", "NEAREST"], ["MAG_FILTER", "NEAREST"], ["WRAP_S", "CLAMP_TO_EDGE"],
                                         ["WRAP_T", "CLAMP_TO_EDGE"]])
                gl.texParameteri(gl.TEXTURE_2D, gl[`TEXTURE_${name}`], gl[value]);
            return made;
        };
        const color = texture(gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE);
        const depth = texture(gl.DEPTH_COMPONENT24, gl.DEPTH_COMPONENT, gl.UNSIGNED_INT);
        const frame = gl.createFramebuffer();
        gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
        gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, color, 0);
        gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.TEXTURE_2D, depth, 0);
        this.target = {width, height, color, depth, frame};
    }

    // Draw what was uploaded, as a camera {view, projection, near, far, focus, reach, focal} sees it.
    draw(parts, camera, {width, height, background, shade = true, density = 1}) {
        const gl = this.gl;
        this.aim(width, height);
        gl.bindFramebuffer(gl.FRAMEBUFFER, this.target.frame);
        gl.viewport(0, 0, width, height);
        gl.enable(gl.DEPTH_TEST);
        gl.disable(gl.BLEND);
        gl.clearColor(...background, 1);
        gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
        for (const {program, draw, array} of parts) {
            gl.useProgram(program.program);
            gl.uniformMatrix4fv(program.uniforms.view, false, camera.view);
            gl.uniformMatrix4fv(program.uniforms.projection, false, camera.projection);
            gl.bindVertexArray(array);
            draw();
        }
        gl.bindFramebuffer(gl.FRAMEBUFFER, null);
        gl.viewport(0, 0, width, height);
        gl.disable(gl.DEPTH_TEST);
        const {program, uniforms} = this.programs.finish;
        gl.useProgram(program);
        [this.target.color, this.target.depth].forEach((texture, unit) => {
            gl.activeTexture(gl.TEXTURE0 + unit);
            gl.bindTexture(gl.TEXTURE_2D, texture);
        });
        gl.uniform1i(uniforms.colors, 0);
        gl.uniform1i(uniforms.depths, 1);
        gl.uniform3fv(uniforms.background, background);
        gl.uniform2f(uniforms.pixel, 1 / width, 1 / height);
        gl.uniform2f(uniforms.mist, camera.focus + 0.1 * camera.reach, camera.focus + 1.9 * camera.reach);
        gl.uniform1f(uniforms.near, camera.near);
        gl.uniform1f(uniforms.far, camera.far);
        gl.uniform1f(uniforms.scale, camera.focal * height / 2);
        gl.uniform1f(uniforms.outline, density);
        gl.uniform1f(uniforms.deep, shade ? 1 : 0);
        gl.bindVertexArray(this.plain);
        gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
        gl.bindVertexArray(null);
    }
}

return Painter;
})();
