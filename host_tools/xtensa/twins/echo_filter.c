#include <stdint.h>

enum { CHUNK = 80, BLOCK = 16, G = 20, TAPS = 30 }; /* the last two: of work */

static int32_t limited(int32_t v, int32_t most)
{
    return v > most ? most : v < -most ? -most : v;
}

/* The steps of the adaptation, by seven of the block's errors. */
static void steps(const int32_t *e, const int32_t *power, int32_t groups, int32_t *work)
{
    static const int8_t at[7] = {1, 3, 6, 8, 10, 13, 15};
    int32_t c = 0, s = 0;
    for (int32_t k = 0; k < groups; k++) {
        c += power[2 * k];
        s += power[2 * k + 1];
    }
    s >>= 5;
    s *= s;
    c += s + (s >> 1) + 1024;
    s = 2;
    while (c > 0xFFF) {
        c >>= 2;
        s += 2;
    }
    c = 0x800000 / c;
    for (int32_t k = 0; k < 7; k++) {
        int32_t v = limited((8 * e[at[k]] - 5 * e[at[k] - 1]) >> 3, 16383);
        work[G + k] = limited((v * c + (1 << s >> 1)) >> s, 8191) + 8192;
    }
}

void echo_filter_cancel(int32_t c, const int32_t *x, int32_t *w, const int32_t *p, const int32_t *power, const int16_t *near, int32_t *e, int32_t *work, int32_t block, int32_t skip, int32_t adapt)
{
    int32_t taps = work[TAPS];
    near += c;
    for (; block < CHUNK; block += BLOCK + skip) {
        for (int32_t i = block; i < block + BLOCK; i += 4) { /* 4 at once: the samples are read once */
            const int32_t *u = x + i + 1;
            int32_t y0 = 4096, y1 = 4096, y2 = 4096, y3 = 4096;
            int32_t x0 = u[0], x1 = u[1], x2 = u[2];
            for (int32_t k = 0; k < taps; k++) {
                int32_t coefficient = w[k], x3 = u[k + 3];
                y0 += x0 * coefficient;
                y1 += x1 * coefficient;
                y2 += x2 * coefficient;
                y3 += x3 * coefficient;
                x0 = x1;
                x1 = x2;
                x2 = x3;
            }
            e[i] = near[i] - (y0 >> 13);
            e[i + 1] = near[i + 1] - (y1 >> 13);
            e[i + 2] = near[i + 2] - (y2 >> 13);
            e[i + 3] = near[i + 3] - (y3 >> 13);
        }
        if (!adapt)
            continue;
        steps(e + block, power + (block >> 3), (taps >> 4) + 1, work);
        int32_t g0 = work[G] - 8192, g1 = work[G + 1] - 8192, g2 = work[G + 2] - 8192, g3 = work[G + 3] - 8192;
        int32_t g4 = work[G + 4] - 8192, g5 = work[G + 5] - 8192, g6 = work[G + 6] - 8192;
        int32_t s = 4096 - ((g0 + g1 + g2 + g3 + g4 + g5 + g6) << 13);
        const int32_t *r = p + block + 1;
        for (int32_t k = 0; k < taps; k++, r++)
            w[k] += (r[1] * g0 + r[3] * g1 + r[6] * g2 + r[8] * g3 + r[10] * g4 + r[13] * g5 + r[15] * g6 + s) >> 13;
    }
}
