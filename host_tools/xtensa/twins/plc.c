#include <stdint.h>

enum { LONGEST = 120, SHORTEST = 40, WINDOW = 160, HISTORY = 390, WORK = 420, RING = 400, ONE = 16384, DECAY = 41 };

int32_t plc__remember(int16_t *ring, int32_t at, const int16_t *pcm, int32_t start, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        ring[at++] = pcm[start + i];
        if (at == RING)
            at = 0;
    }
    return at;
}

void plc__unroll(const int16_t *ring, int32_t at, int16_t *x)
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

int32_t plc__search(const int16_t *x)
{
    int32_t peak = 0, scale = 0, total = 0, energy = 0, shift = 0;
    for (int32_t i = HISTORY - WINDOW - LONGEST; i < HISTORY; i++) {
        int32_t a = x[i] < 0 ? -x[i] : x[i];
        if (a > peak)
            peak = a;
    }
    while (peak >> scale >= 2048)
        scale++;
    for (int32_t i = HISTORY - WINDOW - LONGEST; i < HISTORY; i++) {
        int32_t a = x[i] >> scale;
        total += a * a;
        if (i < HISTORY - LONGEST && (i & 1) == 0)
            energy += a * a;
    }
    while (total >> shift >= 32768)
        shift++;

    int32_t best = LONGEST, most = 0;
    const int16_t *window = x + HISTORY - WINDOW;
    for (int32_t lag = LONGEST; lag >= SHORTEST; lag -= 2) {
        const int16_t *before = window - lag;
        int32_t corr = 0;
        for (int32_t i = 0; i < WINDOW; i += 2)
            corr += (window[i] >> scale) * (before[i] >> scale);
        corr >>= shift;
        if (corr > 0) {
            int32_t score = corr * corr / ((energy >> shift) + 16);
            if (score > most) {
                most = score;
                best = lag;
            }
        }
        int32_t a = before[0] >> scale, b = before[WINDOW] >> scale;
        energy += b * b - a * a;
    }

    int32_t middle = best;
    most = 0;
    for (int32_t lag = middle < LONGEST ? middle + 1 : LONGEST; lag >= middle - 1 && lag >= SHORTEST; lag--) {
        const int16_t *before = window - lag;
        int32_t corr = 0;
        energy = 0;
        for (int32_t i = 0; i < WINDOW; i++) {
            int32_t b = before[i] >> scale;
            corr += (window[i] >> scale) * b;
            energy += b * b;
        }
        corr >>= shift;
        if (corr > 0) {
            int32_t score = corr * corr / ((energy >> shift) + 16);
            if (score > most) {
                most = score;
                best = lag;
            }
        }
    }
    return best;
}

int32_t plc__repeat(const int16_t *x, int32_t length, int32_t offset, int16_t *out, int32_t at, int32_t n)
{
    int32_t i = HISTORY - length + offset;
    for (int32_t k = 0; k < n; k++) {
        out[at + k] = x[i++];
        if (i == HISTORY)
            i = HISTORY - length;
    }
    return i - HISTORY + length;
}

void plc__cross(const int16_t *old, int32_t i, const int16_t *new, int32_t j, int16_t *out, int32_t k, int32_t n)
{
    int32_t step = ONE / n, w = 0;
    for (int32_t m = 0; m < n; m++) {
        out[k + m] = (old[i + m] * (ONE - w) + new[j + m] * w) >> 14;
        w += step;
    }
}

void plc__level(const int16_t *x, int32_t lag, int16_t *pcm, int32_t at, int32_t n)
{
    int32_t step = x[WORK - 1] - x[HISTORY - 1 - lag], part = ONE / n, w = ONE;
    for (int32_t i = at; i < at + n; i++) {
        int32_t a = pcm[i] + ((step * w) >> 14);
        pcm[i] = a > 32767 ? 32767 : a < -32768 ? -32768 : a;
        w -= part;
    }
}

int32_t plc__fade(int16_t *pcm, int32_t at, int32_t n, int32_t gain)
{
    for (int32_t i = at; i < at + n; i++) {
        gain -= DECAY;
        if (gain < 0)
            gain = 0;
        pcm[i] = (pcm[i] * gain) >> 14;
    }
    return gain;
}
