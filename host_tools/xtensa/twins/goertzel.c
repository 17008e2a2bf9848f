#include <stdint.h>

enum { BLOCK = 40, OFF = 0x100000 };

struct row { /* what every detector's rows begin with, in array("i") */
    int32_t coefficient, rest, sine, y[2];
};

struct work {
    int32_t fill, energy[4], sum, rows, stride;
};

int32_t goertzel_goertzel(int32_t s1, int32_t s2, int32_t *x, const int16_t *pcm, int32_t i, int32_t n, int32_t *work, int32_t *bins)
{
    struct work *state = (struct work *)work;
    int32_t fill = state->fill;
    int32_t energy = state->sum;
    for (; i < n && fill < BLOCK; fill++) {
        int32_t v = (pcm[i++] + 32768) >> 3;
        x[fill] = v;
        energy += (v - 4096) * (v - 4096);
    }
    state->fill = fill;
    state->sum = energy;
    if (fill < BLOCK)
        return i;
    state->sum = 0;
    for (int32_t k = 3; k; k--)
        state->energy[k] = state->energy[k - 1];
    state->energy[0] = energy >> 4;
    for (int32_t f = 0; f < state->rows; f++, bins += state->stride / sizeof *bins) {
        struct row *row = (struct row *)bins;
        int32_t c = row->coefficient - OFF;
        s1 = s2 = row->rest;
        for (int32_t k = 0; k < BLOCK; k += 2) {
            s2 = x[k] + ((c * s1) >> 12) - s2;
            s1 = x[k + 1] + ((c * s2) >> 12) - s1;
        }
        s1 -= row->rest;
        s2 -= row->rest;
        row->y[0] = ((s1 - ((c * s2) >> 13)) >> 2) + OFF;
        row->y[1] = ((row->sine * s2) >> 14) + OFF;
    }
    return i;
}
