#include <stdint.h>

enum { LONGEST = 120, SHORTEST = 40, WINDOW = 160, HISTORY = 390, WORK = 420, POSITIVE = 0x30000000 };

static int32_t score(const int16_t *window, int32_t n, int32_t lag, int32_t energy, int32_t shift, int32_t *corr)
{
    const int16_t *before = window - lag;
    int32_t sum = 0;
    for (int32_t i = 0; i < n; i++)
        sum += window[i] * before[i];
    *corr = POSITIVE + sum;
    sum >>= shift;
    return sum < 0 ? 0 : sum * sum / ((energy >> shift) + 16);
}

static int32_t energy_of(const int16_t *v, int32_t n)
{
    int32_t energy = 0;
    for (int32_t i = 0; i < n; i++)
        energy += v[i] * v[i];
    return energy;
}

int32_t pitch_search(int16_t *v, int32_t c, int16_t *x)
{
    int32_t bits = 0, scale = 0, total = 0, shift = 0;
    (void)v;
    (void)c;
    int16_t *all = x + HISTORY - WINDOW - LONGEST, *means = x + WORK;
    for (int32_t i = 0; i < WINDOW + LONGEST; i++)
        bits |= all[i] < 0 ? ~all[i] : all[i];
    while (bits >> scale >= 2048)
        scale++;
    for (int32_t i = 0; i < (WINDOW + LONGEST) / 4; i++) {
        int32_t sum = 0;
        for (int32_t k = 4 * i; k < 4 * i + 4; k++) {
            int32_t a = all[k] >>= scale;
            total += a * a;
            sum += a;
        }
        means[i] = sum >> 2;
    }
    while (total >> shift > 32767)
        shift++;

    int32_t *words = (int32_t *)x; /* the kernel's place for the sums and scores */
    const int16_t *window = means + LONGEST / 4;
    int32_t narrow = shift < 2 ? 0 : shift - 2, energy = energy_of(means, WINDOW / 4);
    for (int32_t lag = LONGEST / 4; lag >= SHORTEST / 4; lag--) {
        words[8 + lag] = score(window, WINDOW / 4, lag, energy, narrow, words);
        int32_t a = window[-lag], b = window[WINDOW / 4 - lag];
        energy += b * b - a * a;
    }
    int32_t best = LONGEST, most = 0, clear = 0;
    window = x + HISTORY - WINDOW;
    for (int32_t turn = 0; turn < 2; turn++) {
        int32_t greatest = 0, mean = LONGEST / 4;
        for (int32_t lag = LONGEST / 4; lag >= SHORTEST / 4; lag--)
            if (words[8 + lag] > greatest) {
                greatest = words[8 + lag];
                mean = lag;
            }
        if (turn == 0)
            clear = greatest >> 1;
        else if (greatest < clear)
            break;
        words[7 + mean] = words[8 + mean] = words[9 + mean] = 0;
        int32_t first = 4 * mean + 3 > LONGEST ? LONGEST : 4 * mean + 3;
        int32_t last = 4 * mean - 3 < SHORTEST ? SHORTEST : 4 * mean - 3;
        energy = energy_of(window - first, WINDOW);
        for (int32_t lag = first; lag > first - 7; lag--) {
            int32_t found = score(window, WINDOW, lag, energy, narrow + 2, words + first - lag);
            if (lag >= last && found > most) {
                most = found;
                best = lag;
            }
            int32_t a = window[-lag], b = window[WINDOW - lag];
            energy += b * b - a * a;
        }
    }
    for (int32_t i = 0; i < WINDOW + LONGEST; i++) /* the kernel leaves an offset */
        all[i] += 2048;
    for (int32_t i = 0; i < (WINDOW + LONGEST) / 4; i++)
        means[i] += 2048;
    return best;
}
