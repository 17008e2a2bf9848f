#include <stdint.h>

enum { ANSWER = 2, DISABLE, MODULATED, ENDED, CNG = 1, QUIET = 8140, OFF = 0x100000 };
enum { ANSWER_FRAMES = 15, HOLD = 2, BURST_MIN = 19, BURST_MAX = 30, PAUSE_MIN = 122, PAUSE_MAX = 178 };
enum { TURN_MIN = 20, TURN_MAX = 25, LONG = 1000 };

struct state { /* the words of array("i"); pairs are re, im, with OFF */
    int32_t y[8], coefficient[2], rest[2], sine[2];
    int32_t bursts, since, count, tone, run, gap, pause, known;
    int32_t r[2], p[2], z[2];
    int32_t turned, said, fill, shift, sum, wave_re, wave_im, energy;
};

/* A block into x, offset; its energy. */
static int32_t take(int32_t *x, const int16_t *pcm)
{
    int32_t energy = 0;
    for (int32_t k = 0; k < 40; k++) {
        x[k] = (pcm[k] + 32768) >> 3;
        energy += (x[k] - 4096) * (x[k] - 4096);
    }
    return energy;
}

static void goertzel(const struct state *state, int32_t f, const int32_t *x, int32_t *y)
{
    int32_t c = state->coefficient[f] - OFF, rest = state->rest[f], s1 = rest, s2 = rest;
    for (int32_t k = 0; k < 40; k += 2) {
        s2 = x[k] + ((c * s1) >> 12) - s2;
        s1 = x[k + 1] + ((c * s2) >> 12) - s1;
    }
    s1 -= rest;
    s2 -= rest;
    y[0] = s1 - ((c * s2) >> 13) + OFF;
    y[1] = ((state->sine[f] * s2) >> 12) + OFF;
}

static int32_t power(const int32_t *y, int32_t shift)
{
    int32_t re = (y[0] - OFF) >> shift, im = (y[1] - OFF) >> shift;
    return re * re + im * im;
}

int32_t modem__filter(int32_t s1, int32_t s2, int32_t *x, const int16_t *pcm, int32_t *work)
{
    (void)s1;
    (void)s2;
    struct state *state = (struct state *)work;
    if (state->since < LONG)
        state->since++;
    int32_t now = state->tone, energy = take(x, pcm), *y = state->y;
    if (now != 2)
        goertzel(state, 0, x, y);
    if (now != 1)
        goertzel(state, 1, x, y + 2);
    if (now == 0) {
        int32_t c = energy, shift = 0;
        for (; c > 0x3FFFFF; c >>= 2)
            shift++;
        if (c * 5 - power(y, shift) > power(y + 2, shift) || energy < QUIET >> 2)
            return 0;
    }
    energy += take(x, pcm + 40);
    if (now != 2)
        goertzel(state, 0, x, y + 4);
    if (now != 1)
        goertzel(state, 1, x, y + 6);
    state->energy = energy;
    return 1;
}

struct hit {
    int32_t tone, re, im, power;
};

/* Which tone the last frame was, if any. */
static struct hit find(const struct state *s, int32_t energy, int32_t shift)
{
    struct hit hit = {0, 0, 0, 0};
    for (int32_t f = s->tone == 1 ? 0 : 1; energy > QUIET && !hit.tone && f >= 0; f--) {
        const int32_t *y = s->y + 2 * f;
        int32_t a = (y[0] - OFF) >> shift, b = (y[1] - OFF) >> shift;
        int32_t re = (y[4] - OFF) >> shift, im = (y[5] - OFF) >> shift;
        int32_t first = a * a + b * b, second = re * re + im * im;
        int32_t d = first > second ? first - second : second - first;
        hit.power = first + second;
        if (hit.power > energy * 25 >> 1 && d < hit.power * 3 >> 3) {
            int32_t t = b * re - a * im;
            d = -a * re - b * im;
            if (t < 0)
                t = -t;
            if (f == 0 ? t >> 4 < d : t < d + (d >> 2) + (d >> 3))
                hit.tone = f + 1;
        }
        hit.re = a - re;
        hit.im = b - im;
        if (s->tone)
            break;
    }
    if (hit.tone)
        while (hit.re * hit.re + hit.im * hit.im > 0xFFFFF) {
            hit.re >>= 1;
            hit.im >>= 1;
        }
    return hit;
}

static int32_t over(struct state *s, int32_t now, int32_t run)
{
    s->tone = 0;
    if (now == 2)
        return s->said ? ENDED : 0;
    run -= s->gap;
    if (run < BURST_MIN || run > BURST_MAX)
        return 0;
    if (s->pause < PAUSE_MIN || s->pause > PAUSE_MAX)
        s->count = 0;
    s->count++;
    s->since = s->gap;
    if (s->count < s->bursts)
        return 0;
    s->count = s->bursts - 1;
    return CNG;
}

/* The sums for ANSam; MODULATED or the event there is. */
static int32_t modulation(struct state *s, const uint8_t *wave, int32_t power, int32_t shift, int32_t event)
{
    int32_t i = s->fill;
    if (i == 0) {
        s->shift = shift;
        s->sum = 0;
        s->wave_re = s->wave_im = OFF << 8;
    }
    power >>= 12;
    int32_t t = (shift - s->shift) << 1;
    if (t > 2 || t < -2) {
        i = 9;
        power = 0;
    } else if (t < 0)
        power >>= 2;
    else
        power <<= t;
    s->sum += power;
    s->wave_re += power * (wave[i] - 128);
    s->wave_im += power * (wave[i + 10] - 128);
    if (++i == 10) {
        i = 0;
        if (power && s->said & 1 << ANSWER && !event && !(s->said & 1 << MODULATED)) {
            int32_t a = (s->wave_re - (OFF << 8)) >> 7, b = (s->wave_im - (OFF << 8)) >> 7;
            for (t = s->sum; t > 0x3FFF; t >>= 1) {
                a >>= 1;
                b >>= 1;
            }
            if (a * a + b * b > t * t >> 6)
                event = MODULATED;
        }
    }
    s->fill = i;
    return event;
}

int32_t modem__follow(int32_t re, int32_t im, int32_t *work, const uint8_t *wave)
{
    struct state *s = (struct state *)work;
    int32_t energy = s->energy, shift = 0;
    for (; energy > 0x7FFFFF; energy >>= 2)
        shift++;
    struct hit found = find(s, energy, shift);
    int32_t now = s->tone;
    if (!now && !found.tone)
        return 0;
    re = found.re;
    im = found.im;
    if (!now) {
        s->tone = found.tone;
        s->pause = s->since;
        s->turned = s->said = s->fill = s->shift = s->sum = s->wave_re = s->wave_im = 0;
        s->run = 1;
        s->gap = s->known = 0;
        s->z[0] = re + OFF;
        s->z[1] = im + OFF;
        return 0;
    }
    int32_t run = ++s->run, event = 0, hit = 0;
    s->gap++;
    int32_t c_re = s->r[0] - OFF, c_im = s->r[1] - OFF;
    if (found.tone == now) {
        int32_t z_re = s->z[0] - OFF, z_im = s->z[1] - OFF;
        int32_t a = (re * z_re + im * z_im) >> 10, b = (im * z_re - re * z_im) >> 10;
        if (s->known) {
            int32_t p_re = s->p[0] - OFF, p_im = s->p[1] - OFF;
            int32_t d = re * p_re + im * p_im, t = im * p_re - re * p_im;
            if (t < 0)
                t = -t;
            if (t < d << 1) {
                hit = 1;
                if (s->gap == 1) {
                    c_re += (a - c_re) >> 2;
                    c_im += (b - c_im) >> 2;
                }
            } else if (t < -d && now == 2) {
                hit = 1;
                t = run - s->turned;
                if (s->turned && TURN_MIN <= t && t <= TURN_MAX && !(s->said & 1 << DISABLE))
                    event = DISABLE;
                s->turned = run;
            }
        } else if (s->gap == 1) {
            hit = 1;
            s->known = 1;
            c_re = a;
            c_im = b;
        }
    }
    if (hit) {
        s->gap = 0;
        s->r[0] = c_re + OFF;
        s->r[1] = c_im + OFF;
        s->z[0] = re + OFF;
        s->z[1] = im + OFF;
    } else if (s->known && s->gap <= HOLD) {
        re = s->p[0] - OFF;
        im = s->p[1] - OFF;
        s->fill = 0;
    } else
        return over(s, now, run);
    s->p[0] = ((re * c_re - im * c_im) >> 10) + OFF;
    s->p[1] = ((re * c_im + im * c_re) >> 10) + OFF;
    if (now == 1 || !hit)
        return 0;
    if (!event && run >= ANSWER_FRAMES && !s->said)
        event = ANSWER;
    event = modulation(s, wave, found.power, shift, event);
    if (event)
        s->said |= 1 << event;
    return event;
}
