/* Convolution for MVE without laying out windows: the rows under the window lie in scratch column by
   column, so that each window is one run of bytes. As the window moves down, a row's bytes stay
   where they are and the run starts one row later; the new row overwrites the one that left. */
#include "small.h"

#include "conv_2d_mve.h"

#include "mve.h"
#include "uses_mve.h"

/* How rows are spread over the columns: `pixels` at a time, byte i to offsets[i]. */
typedef struct {
    int32_t depth;
    int32_t pitch;  /* of columns */
    int32_t pixels; /* 1: one by one */
    int32_t width;  /* of a row with its padding */
    int32_t inside; /* pixels of it that are no padding, `rounds` times `pixels` and `left` bytes */
    int32_t rounds;
    int32_t left;
    uint8_t offsets[16];
} spread_t;

static __attribute__((noinline)) void plan_spread(spread_t *s, const qmcu_window *window)
{
    const int32_t depth = window->input_depth;
    const int32_t pitch = window->kernel_height * depth;

    s->depth = depth;
    s->pitch = pitch;
    s->pixels = 1;
    /* Offsets of a scatter have one byte. */
    while (QMCU_USES_FEW_CHANNELS && (s->pixels + 1) * depth <= 16 &&
           s->pixels * pitch + depth <= 256) {
        s->pixels++;
    }
    for (int32_t i = 0; i < 16; i++) {
        const int32_t one = !QMCU_USES_FEW_CHANNELS || s->pixels == 1;
        s->offsets[i] = (uint8_t)(one ? i : i / depth * pitch + i % depth);
    }
    s->width = (window->output_width - 1) * window->stride_width + window->kernel_width;
    s->inside = s->width;
    if (QMCU_USES_BORDERS) {
        s->inside -= window->padding_left;
        if (s->inside > window->input_width) {
            s->inside = window->input_width;
        }
    }
    s->rounds = s->inside / s->pixels;
    s->left = (s->inside - s->rounds * s->pixels) * depth;
}

/* In assembly, for the compiler moves predicates to and fro. */
static __attribute__((noinline)) void fill(const spread_t *s, int8_t *to, int32_t value,
                                           int32_t count)
{
    const int8x16_t values = vdupq_n_s8((int8_t)value);
    for (int32_t left = s->depth; left > 0; left -= 16, to += 16) {
        int8_t *pixel = to;
        __asm volatile(
            "vctp.8 %[left]\n\t"
            "wls lr, %[count], 2f\n"
            "1: vpst\n\t"
            "vstrbt.8 %q[values], [%[pixel]]\n\t"
            "add %[pixel], %[pixel], %[pitch]\n\t"
            "le lr, 1b\n"
            "2:"
            : [pixel] "+r"(pixel)
            : [left] "r"(left), [count] "r"(count), [values] "w"(values), [pitch] "r"(s->pitch)
            : "lr", "memory");
    }
}

/* `rounds` times the live bytes of a vector, each time `step` bytes further on, stored `across` further
   on; then `rest` of them. In assembly, for the compiler makes two blocks of it. */
static inline void scatter(int8_t *to, const int8_t *from, uint8x16_t offsets, int32_t live,
                           int32_t rounds, int32_t step, int32_t across, int32_t rest)
{
    __asm volatile("vctp.8 %[live]\n\t"
                   "wls lr, %[rounds], 2f\n"
                   "1: vpstt\n\t"
                   "vldrbt.u8 q0, [%[from]]\n\t"
                   "vstrbt.8 q0, [%[to], %q[offsets]]\n\t"
                   "add %[from], %[from], %[step]\n\t"
                   "add %[to], %[to], %[across]\n\t"
                   "le lr, 1b\n"
                   "2: vctp.8 %[rest]\n\t"
                   "vpstt\n\t"
                   "vldrbt.u8 q0, [%[from]]\n\t"
                   "vstrbt.8 q0, [%[to], %q[offsets]]"
                   : [from] "+r"(from), [to] "+r"(to)
                   : [live] "r"(live), [rounds] "r"(rounds), [offsets] "w"(offsets),
                     [step] "r"(step), [across] "r"(across), [rest] "r"(rest)
                   : "q0", "lr", "memory");
}

/* `rounds` whole vectors, the same. */
static inline void move(int8_t *to, const int8_t *from, int32_t rounds, int32_t step,
                        int32_t across)
{
    __asm volatile("wls lr, %[rounds], 2f\n"
                   "1: vldrb.u8 q0, [%[from]]\n\t"
                   "add %[from], %[from], %[step]\n\t"
                   "vstrb.8 q0, [%[to]]\n\t"
                   "add %[to], %[to], %[across]\n\t"
                   "le lr, 1b\n"
                   "2:"
                   : [from] "+r"(from), [to] "+r"(to)
                   : [rounds] "r"(rounds), [step] "r"(step), [across] "r"(across)
                   : "q0", "lr", "memory");
}

static __attribute__((noinline)) void copy(int8_t *to, const int8_t *from, int32_t count)
{
    qmcu_mve_copy(to, from, count);
}

static __attribute__((noinline)) void spread(const spread_t *s, int8_t *to, const int8_t *from)
{
    const int32_t depth = s->depth;
    const int32_t pitch = s->pitch;
    const uint8x16_t offsets = vldrbq_u8(s->offsets);
    int32_t left = s->pixels * depth;

    if (QMCU_USES_FLAT_ROWS && depth == pitch) {
        copy(to, from, s->inside * depth);
        return;
    }
    if (QMCU_USES_FEW_CHANNELS && s->pixels > 1) {
        scatter(to, from, offsets, left, s->rounds, left, s->pixels * pitch, s->left);
        return;
    }
    for (; QMCU_USES_MANY_CHANNELS && left >= 16; left -= 16, from += 16, to += 16) {
        move(to, from, s->inside, depth, pitch);
    }
    if (QMCU_USES_MANY_CHANNELS && left > 0) {
        scatter(to, from, offsets, left, s->inside, depth, pitch, 0);
    }
}

static void load_row(const qmcu_conv_2d_mve_params *p, const spread_t *s, const int8_t *image,
                     int32_t y, int8_t *to)
{
    const int32_t left = p->window.padding_left;

    if (!QMCU_USES_BORDERS) {
        spread(s, to, image + y * p->window.input_width * s->depth);
        return;
    }
    if (y < 0 || y >= p->window.input_height) {
        fill(s, to, p->input_zero_point, s->width);
        return;
    }
    if (left > 0) {
        fill(s, to, p->input_zero_point, left);
    }
    to += left * s->pitch;
    spread(s, to, image + y * p->window.input_width * s->depth);
    if (s->width > left + s->inside) {
        fill(s, to + s->inside * s->pitch, p->input_zero_point, s->width - left - s->inside);
    }
}

/* Windows on their way to the multiplication: what is left of a row behind its fours is copied, and goes
   with the first of the next row. */
typedef struct {
    const qmcu_conv_2d_mve_params *params;
    const int32_t *weights;
    int8_t *staged;
    int32_t pending;
    int8_t *output;
    qmcu_mve_tile tile;
} windows_t;

static __attribute__((noinline)) void point_at_staged(windows_t *w)
{
    const int8_t *window = w->staged;
    for (int32_t i = 0; i < w->pending; i++) {
        w->tile.columns[i] = window;
        window += 16 * w->params->multiply.steps;
    }
}

static __attribute__((noinline)) void finish(windows_t *w, int32_t pixels)
{
    const qmcu_multiply_mve_params *const multiply = &w->params->multiply;

    w->tile.by->tile(&w->tile, multiply, w->weights, pixels, w->output);
    w->output += pixels * multiply->filters;
    if (QMCU_USES_ROWS_LEFT) {
        w->pending = 0;
    }
}

static void add_row(windows_t *w, const int8_t *window, int32_t pitch)
{
    int32_t left = w->params->window.output_width;

    if (QMCU_USES_ROWS_LEFT && w->pending > 0 && w->pending + left >= 4) {
        point_at_staged(w);
        for (int32_t i = w->pending; i < 4; i++, window += pitch, left--) {
            w->tile.columns[i] = window;
        }
        finish(w, 4);
    }
    if (!QMCU_USES_ROWS_LEFT || (w->pending == 0 && left >= 4)) {
        const int32_t whole = QMCU_USES_ROWS_LEFT ? left & ~3 : left;
        qmcu_mve_point(&w->tile, window, pitch);
        finish(w, whole);
        window += whole * pitch;
        left -= whole;
    }
    if (QMCU_USES_ROWS_LEFT) {
        const int32_t bytes = 16 * w->params->multiply.steps;
        for (; left > 0; left--, window += pitch) {
            copy(w->staged + w->pending++ * bytes, window, bytes);
        }
    }
}

void qmcu_conv_2d_mve_by(const qmcu_conv_2d_mve_params *params, const int8_t *input,
                         const int32_t *weights, void *scratch, int8_t *output,
                         const qmcu_mve_multiplier *by)
{
    const qmcu_conv_2d_mve_params *p = params;
    const int32_t depth = p->window.input_depth;
    const int32_t apart =
        QMCU_USES_ROWS_APART && p->window.kernel_height <= p->window.stride_height;
    const int32_t slide = apart ? 0 : p->window.stride_height * depth;
    const int32_t staged = QMCU_USES_ROWS_LEFT && (p->window.output_width & 3) != 0;
    int8_t *const rows = (int8_t *)scratch + (staged ? 48 * p->multiply.steps : 0);
    windows_t w;
    spread_t s;

    w.params = p;
    w.weights = weights;
    w.staged = scratch;
    w.pending = 0;
    w.output = output;
    plan_spread(&s, &p->window);
    qmcu_mve_begin(&w.tile, &p->multiply, by);
    const int32_t batches = QMCU_USES_BATCHES ? p->window.batches : 1;
    for (int32_t batch = 0; batch < batches; batch++) {
        int8_t *window = rows, *next = rows;
        int32_t y = -p->window.padding_top, end = y + p->window.kernel_height;
        for (int32_t i = 0; i < p->window.output_height; i++) {
            if (apart) {
                y = end - p->window.kernel_height;
                next = rows;
            }
            for (; y < end; y++, next += depth) {
                load_row(p, &s, input, y, next);
            }
            add_row(&w, window, p->window.stride_width * s.pitch);
            window += slide;
            end += p->window.stride_height;
        }
        input += p->window.input_height * p->window.input_width * depth;
    }
    if (QMCU_USES_ROWS_LEFT && w.pending > 0) {
        point_at_staged(&w);
        finish(&w, w.pending);
    }
}

void qmcu_conv_2d_mve(const qmcu_conv_2d_mve_params *params, const int8_t *input,
                      const int32_t *weights, void *scratch, int8_t *output)
{
    qmcu_conv_2d_mve_by(params, input, weights, scratch, output, &qmcu_mve_int8);
}
