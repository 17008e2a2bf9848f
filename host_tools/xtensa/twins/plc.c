#include <stdint.h>

enum { LONGEST = 120, SHORTEST = 40, WINDOW = 160, HISTORY = 390, WORK = 420, RING = 400, ONE = 16384, DECAY = 41, POSITIVE = 0x30000000 };

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

struct best {
    int32_t lag, score;
};

static void judge(struct best *best, int32_t lag, int32_t corr, int32_t energy, int32_t shift)
{
    corr >>= shift;
    if (corr > 0) {
        int32_t score = corr * corr / ((energy >> shift) + 16);
        if (score > best->score) {
            best->score = score;
            best->lag = lag;
        }
    }
}

/* The kernel leaves the history scaled and with an offset, and here sums that have been used. */
static void leave(int16_t *x, const int32_t *sums, int32_t count)
{
    for (int32_t i = HISTORY - WINDOW - LONGEST; i < HISTORY; i++)
        x[i] += 2048;
    for (int32_t i = 0; i < 7; i++)
        ((int32_t *)(x + WORK))[i] = POSITIVE + (i < count ? sums[i] : sums[7]);
}

int32_t plc__search(int16_t *v, int32_t c, int16_t *x)
{
    int32_t bits = 0, scale = 0, total = 0, energy = 0, shift = 0;
    (void)v;
    (void)c;
    for (int32_t i = HISTORY - WINDOW - LONGEST; i < HISTORY; i++)
        bits |= x[i] < 0 ? ~x[i] : x[i];
    while (bits >> scale >= 2048)
        scale++;
    for (int32_t i = HISTORY - WINDOW - LONGEST; i < HISTORY; i++) {
        int32_t a = x[i] >>= scale;
        total += a * a;
        if (i < HISTORY - LONGEST && (i & 1) == 0)
            energy += a * a;
    }
    while (total >> shift >= 32768)
        shift++;

    struct best coarse = {LONGEST, 0};
    const int16_t *window = x + HISTORY - WINDOW;
    for (int32_t lag = LONGEST; lag >= SHORTEST; lag -= 2) {
        const int16_t *before = window - lag;
        int32_t corr = 0;
        for (int32_t i = 0; i < WINDOW; i += 2)
            corr += window[i] * before[i];
        judge(&coarse, lag, corr, energy, shift);
        energy += before[WINDOW] * before[WINDOW] - before[0] * before[0];
    }

    struct best fine = {coarse.lag, 0};
    int32_t sums[8], count = 0;
    for (int32_t lag = coarse.lag < LONGEST ? coarse.lag + 1 : LONGEST; count < 3; lag--, count++) {
        const int16_t *before = window - lag;
        int32_t corr = 0;
        energy = 0;
        for (int32_t i = 0; i < WINDOW; i++) {
            corr += window[i] * before[i];
            energy += before[i] * before[i];
        }
        sums[count] = corr;
        if (lag >= coarse.lag - 1 && lag >= SHORTEST)
            judge(&fine, lag, corr, energy, shift);
    }
    sums[7] = 0;
    for (int32_t i = 0; i < WINDOW; i++)
        sums[7] -= window[i];
    sums[7] *= 2048;
    leave(x, sums, count);
    return fine.lag;
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
