#include <stdint.h>

enum { OFF = 0x100000, STEADY = 30 };

struct row { /* the words of one frequency in array("i") */
    int32_t coefficient, rest, sine;
    int32_t y[2]; /* the newest block: re, im, with OFF */
    int32_t turn_re, turn_im, limit;
    union {
        int32_t windows[8]; /* of one, two and three blocks without it, and of all four */
        struct {
            int32_t without[6], w_re, w_im;
        };
    };
    int32_t last_re, last_im;
};

struct work {
    int32_t fill, energy[4], sum, rows, stride, average, count, floor, before;
};

/* The window and its power. */
static int32_t window(struct row *row, int32_t shift)
{
    int32_t turn_re = row->turn_re - OFF, turn_im = row->turn_im - OFF;
    row->last_re = row->w_re;
    row->last_im = row->w_im;
    for (int32_t k = 4; k >= 0; k -= 2) {
        int32_t re = row->windows[k] - OFF, im = row->windows[k + 1] - OFF, twice = k < 4;
        int32_t *to = row->windows + k + 2; /* the last one is w */
        to[0] = ((re * turn_re - im * turn_im) >> 11) + ((row->y[0] - OFF) << twice) + OFF;
        to[1] = ((re * turn_im + im * turn_re) >> 11) + ((row->y[1] - OFF) << twice) + OFF;
    }
    row->windows[0] = row->y[0];
    row->windows[1] = row->y[1];
    int32_t re = (row->w_re - OFF) >> shift, im = (row->w_im - OFF) >> shift;
    return re * re + im * im;
}

/* The sine² of the phase error, in 1/1024, or -1 if it is too large. */
static int32_t phase(const struct row *row, int32_t shift)
{
    int32_t turn_re = row->turn_re - OFF, turn_im = row->turn_im - OFF;
    int32_t re = row->last_re - OFF, im = row->last_im - OFF;
    int32_t t = ((re * turn_re - im * turn_im) >> 11) >> shift;
    im = ((re * turn_im + im * turn_re) >> 11) >> shift;
    int32_t w_re = (row->w_re - OFF) >> shift, w_im = (row->w_im - OFF) >> shift;
    re = w_re * t + w_im * im;
    im = w_im * t - w_re * im;
    if (re <= 0)
        return -1;
    if (im < 0)
        im = -im;
    while (re + im > 0x4000) {
        re >>= 1;
        im >>= 1;
    }
    im *= im;
    re = (re * re + im) >> 10;
    t = re ? im / re : 1024;
    return t > row->limit ? -1 : t;
}

static void background(struct work *state, int32_t total)
{
    int32_t t = total - state->average;
    if (t > state->average >> 2 || t < -(state->average >> 2)) {
        state->average = total;
        state->count = 0;
    } else {
        state->average += t >> 3;
        if (++state->count > STEADY) {
            state->count = STEADY;
            state->floor = state->average;
        }
    }
    if (total < state->floor >> 1)
        state->floor = 0;
}

int32_t dtmf__judge(int32_t re, int32_t im, int32_t *bins, int32_t *work, const uint8_t *boost)
{
    struct work *state = (struct work *)work;
    struct row *rows = (struct row *)bins;
    state->fill = 0;
    int32_t total = state->energy[0] + state->energy[3] + ((state->energy[1] + state->energy[2]) << 2);
    int32_t shift = 0;
    for (int32_t e = total | state->before; e > 0x3FFFFF; e >>= 2)
        shift++;
    state->before = total;
    int32_t e = total >> (shift << 1);

    int32_t place[2] = {0, 0}, power[2] = {0, 0};
    for (int32_t f = 0; f < 8; f++) {
        int32_t p = window(rows + f, shift);
        if (p > power[f >> 2]) {
            power[f >> 2] = p;
            place[f >> 2] = f;
        }
    }
    int32_t hit = -1;
    if (power[0] + power[1] > e << 3) {
        int32_t k = 0;
        for (; k < 2; k++) {
            re = phase(rows + place[k], shift);
            if (re < 0)
                break;
            im = boost[re >> 4];
            power[k] = ((power[k] >> 6) * im) >> 5;
        }
        if (k == 2) {
            int32_t t = power[0] + power[1], quiet = 14400 >> (shift << 1);
            e += e >> 3;
            int32_t beyond = e - ((state->floor >> (shift << 1)) * 9 >> 3) - t;
            if (power[0] > quiet && power[1] > quiet && power[1] < power[0] << 2 && power[0] < power[1] * 10
                && (e - t < t >> 2 || (-(t >> 2) < beyond && beyond < t >> 2 && e < t * 5 >> 1)))
                hit = 4 * place[0] + place[1] - 4;
        }
    }
    if (hit < 0)
        background(state, total);
    return hit;
}
