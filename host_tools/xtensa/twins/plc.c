#include <stdint.h>

enum { HISTORY = 390, WORK = 420, RING = 400, ONE = 16384, DECAY = 41 };

int32_t plc__remember(int16_t *ring, const int16_t *pcm, int32_t at, int32_t start, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        ring[at++] = pcm[start + i];
        if (at == RING)
            at = 0;
    }
    return at;
}

void plc__unroll(int16_t *x, const int16_t *ring, int32_t at)
{
    at += RING - HISTORY;
    if (at >= RING)
        at -= RING;
    for (int32_t i = 0; i < HISTORY; i++) {
        x[i] = ring[at++];
        if (at == RING)
            at = 0;
    }
    for (int32_t i = HISTORY; i < WORK; i++)
        x[i] = x[i - 30];
}

int32_t plc__repeat(const int16_t *x, int16_t *out, int32_t length, int32_t offset, int32_t at, int32_t n)
{
    int32_t i = HISTORY - length + offset;
    for (int32_t k = 0; k < n; k++) {
        out[at + k] = x[i++];
        if (i == HISTORY)
            i = HISTORY - length;
    }
    return i - HISTORY + length;
}

void plc__cross(int32_t v, int32_t w, const int16_t *old, int32_t i, const int16_t *new, int32_t j, int16_t *out, int32_t k, int32_t n)
{
    int32_t step = ONE / n;
    (void)v;
    w = 0;
    for (int32_t m = 0; m < n; m++) {
        out[k + m] = (old[i + m] * (ONE - w) + new[j + m] * w) >> 14;
        w += step;
    }
}

void plc__level(int32_t v, int32_t w, const int16_t *x, int32_t lag, int16_t *pcm, int32_t at, int32_t n)
{
    int32_t step = x[WORK - 1] - x[HISTORY - 1 - lag], part = ONE / n;
    (void)v;
    w = ONE;
    for (int32_t i = at; i < at + n; i++) {
        int32_t a = pcm[i] + ((step * w) >> 14);
        pcm[i] = a > 32767 ? 32767 : a < -32768 ? -32768 : a;
        w -= part;
    }
}

int32_t plc__fade(int32_t gain, int16_t *pcm, int32_t at, int32_t n)
{
    for (int32_t i = at; i < at + n; i++) {
        gain -= DECAY;
        if (gain < 0)
            gain = 0;
        pcm[i] = (pcm[i] * gain) >> 14;
    }
    return gain;
}
