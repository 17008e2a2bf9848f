#include <stdint.h>

enum { CHUNK = 80, BLOCK = 16, LOST = 250, MOST = 0x20000, UNITY = 4096 };
/* of work */
enum { LEVEL = 4, SAFE = 7, WAIT, BETTER, TRACKED, KEPT, HEARD, LEAK, NOISE, GAIN, TALK, SEED, FAILED };
enum { LOW = 28, COUNT, TAPS };

static int32_t magnitude(int32_t v)
{
    return v < 0 ? -v : v;
}

static int32_t louder(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static void copy(int32_t *to, const int32_t *from, int32_t n)
{
    for (int32_t k = 0; k < n; k++)
        to[k] = from[k];
}

/* The coefficients are 1.0 at most each, and 4.0 together. */
static int32_t sane(const int32_t *w, int32_t taps)
{
    int32_t sum = 0;
    for (int32_t k = 0; k < taps; k++) {
        if (w[k] < -0x8000 || w[k] > 0x7FFF)
            return 0;
        sum += magnitude(w[k]);
    }
    return sum <= MOST;
}

int32_t echo_control_judge(int32_t *work, int32_t n, int32_t *tracking, int32_t *safe, const int32_t *t, const int32_t *e, const int16_t *near, int32_t at, int32_t skip)
{
    int32_t taps = work[TAPS], a = 0, b = 0, d = 0, from_safe = 0, to_safe = 0;
    int32_t mode = work[SAFE], better = work[BETTER], far = louder(work[LEVEL], work[LEVEL + 1]);
    for (; n < CHUNK; n += BLOCK + skip)
        for (int32_t k = n; k < n + BLOCK; k++) {
            a += magnitude(t[k]);
            b += magnitude(e[k]);
            d += magnitude(near[at + k]);
        }
    if (skip == 32) {
        a >>= 1;
        b >>= 1;
        d >>= 1;
    }
    if (far > 40) {
        if (a * 2 < d || d < work[NOISE] << 1)
            work[FAILED] = 0;
        else if (work[FAILED] <= LOST)
            work[FAILED]++;
        int32_t leak = work[LEAK], k = work[KEPT];
        int32_t loud = b > 3 * (((leak * far) >> 11) + work[NOISE]);
        a = work[TRACKED] + ((a - work[TRACKED]) >> 2);
        d = work[HEARD] + ((d - work[HEARD]) >> 2);
        k += (b - k) >> 2;
        if (mode) {
            to_safe = (a * 3 < k * 2 && a * 3 < d) || (k * 4 > d * 5 && a * 4 < d * 5);
            better = to_safe ? better + 4 : loud || a * 16 > k * 17 ? 0 : better + 3;
            if (better < 12)
                to_safe = 0;
            else
                mode = better = 0;
            if (to_safe) {
                while (leak < 16384 && (leak * far) >> 11 < a)
                    leak <<= 1;
                work[LEAK] = leak;
            } else
                from_safe = a > k << 1;
        } else if (loud || k * 5 < a * 3) {
            mode = from_safe = 1;
            better = 0;
        } else if (a * 10 >= k * 9)
            better = 0;
        else if (++better > 3) {
            better = 0;
            to_safe = 1;
        }
        if (to_safe && !sane(tracking, taps)) {
            to_safe = 0;
            from_safe = mode = 1;
        }
        if (from_safe)
            a = k;
        else if (to_safe)
            k = a;
        work[TRACKED] = a;
        work[KEPT] = k;
        work[HEARD] = d;
    }
    if (work[WAIT]) {
        mode = 1;
        better = 0;
    }
    work[SAFE] = mode;
    work[BETTER] = better;
    if (from_safe)
        copy(tracking, safe, taps);
    else if (to_safe)
        copy(safe, tracking, taps);
    return mode;
}

/* Learns what is usually left of the far sound, and the noise; -> the gain that the suppressor is to have. */
static int32_t learn(int32_t *work, int32_t level, int32_t suppress)
{
    int32_t far = louder(louder(work[LEVEL], work[LEVEL + 1]), work[LEVEL + 2]);
    int32_t leak = work[LEAK], noise = work[NOISE], usual = (leak * far) >> 11, target = UNITY;
    if (far <= 10) {
        work[TALK] = 0;
        if (level < work[LOW])
            work[LOW] = level;
        if (++work[COUNT] == 32) {
            if (work[LOW] > noise)
                noise = work[LOW];
            work[LOW] = 1500;
            work[COUNT] = 0;
        }
    } else if (work[WAIT])
        work[TALK] = 3;
    else {
        if (level < usual)
            leak -= leak >> 5;
        else if (level < (usual + noise) << 2)
            leak += (leak >> 6) + 1;
        else
            leak += leak >> 8;
        if (level > 3 * (usual + noise))
            work[TALK] = 3;
        else if (work[TALK])
            work[TALK]--;
        else if (suppress)
            target = 0;
    }
    if (level < noise)
        noise -= (noise - level) >> 2;
    work[LEAK] = leak < 32 ? 32 : leak > 16384 ? 16384 : leak;
    work[NOISE] = noise;
    return target;
}

static int32_t clipped(int32_t v)
{
    return v > 32767 ? 32767 : v < -32768 ? -32768 : v;
}

void echo_control_finish(int32_t *work, int32_t n, int16_t *near, int32_t *e, int32_t suppress)
{
    int32_t level = 0;
    near += n;
    if (work[KEPT] * 4 > work[HEARD] * 5)
        for (int32_t k = 0; k < CHUNK; k++)
            e[k] = near[k];
    for (int32_t k = 0; k < CHUNK; k += 2)
        level += magnitude(e[k]);
    int32_t target = learn(work, level * 13 >> 5, suppress), g = work[GAIN];
    if (g + target == UNITY << 1) {
        for (int32_t k = 0; k < CHUNK; k++)
            near[k] = clipped(e[k]);
        return;
    }
    int32_t noise = work[NOISE] * 41 >> 8, seed = work[SEED];
    for (int32_t k = 0; k < CHUNK; k++) {
        if (g < target)
            g += 128;
        else if (g > target)
            g -= 128;
        seed = (seed * 1109 + 12345) & 0xFFFFF;
        int32_t filler = ((seed >> 5) - 16384) * noise >> 14;
        near[k] = g ? clipped((e[k] * g + filler * (UNITY - g)) >> 12) : filler;
    }
    work[SEED] = seed;
    work[GAIN] = g;
}

int32_t echo_control_loudness(const int32_t *e, const int16_t *near, int32_t at, int32_t which)
{
    int32_t total = 0;
    for (int32_t k = 0; k < CHUNK; k++)
        total += magnitude(which ? near[at + k] : e[k]);
    return total >> 8;
}
