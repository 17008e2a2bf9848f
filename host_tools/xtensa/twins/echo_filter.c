#include <stdint.h>

enum { CHUNK = 80, BLOCK = 8, HOLD = 6 };
enum { PUT = 0, PEAK = 1, LEVEL = 4, WAIT = 8, NOISE = 14, G = 20 }; /* words of work */

void echo_filter_feed(int32_t *work, int32_t *x, int32_t *p, int32_t *energy, const int16_t *far, const int16_t *near, int32_t at, int16_t *line, int32_t size, int32_t delay, int32_t taps)
{
    int32_t i = work[PUT], loudest = 0;
    for (int32_t k = at; k < at + CHUNK; k++) {
        line[i] = far[k];
        int32_t v = near[k] < 0 ? -near[k] : near[k];
        if (v > loudest)
            loudest = v;
        if (++i == size)
            i = 0;
    }
    work[PUT] = i;
    for (i -= delay + CHUNK; i < 0;)
        i += size;
    for (int32_t k = 0; k < taps; k++) {
        x[k] = x[k + CHUNK];
        p[k] = p[k + CHUNK];
    }
    for (int32_t k = 0; k < taps >> 3; k++)
        energy[k] = energy[k + 10];
    int32_t last = x[taps - 1], peak = 0, level = 0;
    for (int32_t k = taps; k < taps + CHUNK;) {
        int32_t total = 0;
        do {
            int32_t v = line[i] >> 2;
            if (++i == size)
                i = 0;
            x[k] = v;
            last = ((v << 3) - 5 * last) >> 4;
            p[k] = last + 8192;
            total += (last * last) >> 3;
            last = v;
            if (v < 0)
                v = -v;
            level += v;
            if (v > peak)
                peak = v;
        } while (++k & 7);
        energy[(k >> 3) - 1] = total;
    }
    work[PEAK + 2] = work[PEAK + 1];
    work[PEAK + 1] = work[PEAK];
    work[PEAK] = peak;
    work[LEVEL + 2] = work[LEVEL + 1];
    work[LEVEL + 1] = work[LEVEL];
    work[LEVEL] = level * 13 >> 8;
    for (int32_t k = 1; k < 3; k++)
        if (work[PEAK + k] > peak)
            peak = work[PEAK + k];
    if (loudest > 3 * peak + (work[NOISE] >> 1) + 64)
        work[WAIT] = HOLD;
    else if (work[WAIT])
        work[WAIT]--;
}

static int32_t limit(int32_t v)
{
    return v > 16383 ? 16383 : v < -16383 ? -16383 : v;
}

/* One step of block NLMS after the errors e of a block. */
static void adapt_to(const int32_t *e, int32_t power, int32_t *w, const int32_t *p, int32_t *g, int32_t taps)
{
    static const int8_t samples[4] = {1, 3, 4, 6};
    int32_t s = 1, sum = 1;
    for (; power > 0xFFF; power >>= 1)
        s++;
    int32_t step = 0x800000 / power;
    for (int32_t k = 0; k < 4; k++) {
        const int32_t *error = e + samples[k];
        int32_t v = limit(((error[0] << 3) - 5 * error[-1]) >> 3);
        v = limit((v * step + (1 << s >> 1)) >> s);
        g[k] = v + 16384;
        sum -= v;
    }
    int32_t g0 = g[0] - 16384, g1 = g[1] - 16384, g2 = g[2] - 16384, g3 = g[3] - 16384;
    sum *= 8192;
    for (int32_t k = 0; k < taps; k++, p++)
        w[k] += (p[1] * g0 + p[3] * g1 + p[4] * g2 + p[6] * g3 + sum) >> 14;
}

void echo_filter_cancel(int32_t c, const int32_t *x, int32_t *w, const int32_t *window, const int32_t *p, const int32_t *energy, const int16_t *near, int32_t at, int32_t *e, int32_t *work, int32_t taps, int32_t skip, int32_t adapt)
{
    (void)c;
    int32_t n = taps >> 3, power = 0;
    for (int32_t k = 0; k < n; k++)
        power += energy[k];
    for (int32_t block = 0; block < CHUNK;) {
        /* Four outputs at a time: each sample is loaded once. */
        int32_t y0 = 4096, y1 = 4096, y2 = 4096, y3 = 4096;
        for (int32_t half = 0; half < BLOCK; half += 4) {
            x = window + block + half + 1;
            y0 = y1 = y2 = y3 = 4096;
            int32_t x0 = x[0], x1 = x[1], x2 = x[2];
            for (int32_t k = 0; k < taps; k++) {
                int32_t x3 = x[k + 3], u = w[k];
                y0 += x0 * u;
                y1 += x1 * u;
                y2 += x2 * u;
                y3 += x3 * u;
                x0 = x1;
                x1 = x2;
                x2 = x3;
            }
            int32_t *out = e + block + half;
            const int16_t *in = near + at + block + half;
            out[0] = in[0] - (y0 >> 13);
            out[1] = in[1] - (y1 >> 13);
            out[2] = in[2] - (y2 >> 13);
            out[3] = in[3] - (y3 >> 13);
        }
        if (adapt)
            adapt_to(e + block, power + energy[n + (block >> 3)] + 1024, w, p + block + 1, work + G, taps);
        int32_t k = block;
        block += BLOCK + skip;
        for (; k < block && k < CHUNK; k += BLOCK)
            power += energy[n + (k >> 3)] - energy[k >> 3];
    }
}
