#include <stdint.h>

enum { CHUNK = 80, BLOCK = 16, HOLD = 6 };
enum { PUT = 0, PEAK = 1, LEVEL = 4, WAIT = 8, LEAK = 13, NOISE = 14, TAPS = 30 }; /* of work */

static int32_t magnitude(int32_t v)
{
    return v < 0 ? -v : v;
}

static int32_t louder(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static void pushed(int32_t *last, int32_t value)
{
    last[2] = last[1];
    last[1] = last[0];
    last[0] = value;
}

void echo_line_feed(int32_t *x, int32_t *p, int32_t *work, int32_t *power, const int16_t *far, const int16_t *near, int16_t *line, int32_t at, int32_t size, int32_t delay)
{
    int32_t taps = work[TAPS], first = work[PUT], loudest = 0;
    far += at;
    near += at;
    for (int32_t k = 0; k < CHUNK; k++)
        line[first + k] = far[k];
    if (first == 0)
        for (int32_t k = 0; k < CHUNK; k++)
            line[size + k] = far[k];
    for (int32_t k = 0; k < CHUNK; k += 2)
        loudest = louder(loudest, magnitude(near[k]));
    work[PUT] = first + CHUNK == size ? 0 : first + CHUNK;
    first -= delay;
    if (first < 0)
        first += size;
    for (int32_t k = 0; k < taps; k++) {
        x[k] = x[k + CHUNK];
        p[k] = p[k + CHUNK];
    }
    for (int32_t k = 0; k < taps >> 3; k++)
        power[k] = power[k + 2 * CHUNK / BLOCK];
    x += taps;
    p += taps;
    power += taps >> 3;
    line += first;
    int32_t last = x[-1], peak = 0, level = 0;
    for (int32_t block = 0; block < CHUNK; block += BLOCK) {
        int32_t total = 0, mean = 0;
        for (int32_t k = block; k < block + BLOCK; k++) {
            int32_t v = line[k] >> 2, emphasised = (8 * v - 5 * last) >> 4;
            x[k] = last = v;
            p[k] = emphasised + 8192;
            total += (emphasised * emphasised) >> 3;
            mean += emphasised;
            if ((k & 3) == 3) {
                level += magnitude(v);
                peak = louder(peak, magnitude(v));
            }
        }
        *power++ = total;
        *power++ = mean;
    }
    pushed(work + LEVEL, level * 13 >> 6);
    pushed(work + PEAK, peak);
    peak = louder(louder(peak, work[PEAK + 1]), work[PEAK + 2]);
    if (work[LEAK] < 2048)
        peak -= peak >> 2;
    if (loudest > (peak << 2) + (work[NOISE] >> 1) + 64)
        work[WAIT] = HOLD;
    else if (work[WAIT])
        work[WAIT]--;
}
