#include <stdint.h>

enum { ANSWER = 2, DISABLE, MODULATED, ENDED, CNG = 1, QUIET = 8140, OFF = 0x100000 };
enum { ANSWER_FRAMES = 15, HOLD = 2, BURST_MIN = 19, BURST_MAX = 30, PAUSE_MIN = 122, PAUSE_MAX = 178 };
enum { TURN_MIN = 20, TURN_MAX = 25, LONG = 1000 };

struct row { /* the words of one frequency in array("i"); pairs are re, im, with OFF */
    int32_t coefficient, rest, sine, second[2], first[2];
};

struct state {
    int32_t fill, energy[4], squares, rows, stride;
    int32_t bursts, since, count, tone, run, gap, pause, known;
    int32_t r[2], p[2], z[2];
    int32_t turned, said, frames, shift, sum, wave_re, wave_im;
};

static int32_t power(const int32_t *y, int32_t shift)
{
    int32_t re = (y[0] - OFF) >> shift, im = (y[1] - OFF) >> shift;
    return re * re + im * im;
}

int32_t modem__begins(int32_t re, int32_t im, int32_t *work, int32_t *bins)
{
    (void)re;
    (void)im;
    struct state *s = (struct state *)work;
    struct row *rows = (struct row *)bins;
    s->fill = 0;
    if (s->since < LONG)
        s->since++;
    int32_t c = s->energy[0], shift = 0;
    for (; c > 0x3FFFFF; c >>= 2)
        shift++;
    c *= 5;
    for (int32_t f = 0; f < 2; f++) {
        rows[f].first[0] = rows[f].second[0];
        rows[f].first[1] = rows[f].second[1];
        c -= power(rows[f].first, shift);
    }
    return s->tone || (c <= 0 && s->energy[0] >= QUIET >> 6);
}

struct hit {
    int32_t tone, re, im, power;
};

/* Which tone the last frame was, if any. */
static struct hit find(const struct state *s, const struct row *rows, int32_t energy, int32_t shift)
{
    struct hit hit = {0, 0, 0, 0};
    for (int32_t f = s->tone == 1 ? 0 : 1; energy > QUIET && !hit.tone && f >= 0; f--) {
        const struct row *row = rows + f;
        int32_t a = ((row->first[0] - OFF) << 2) >> shift, b = ((row->first[1] - OFF) << 2) >> shift;
        int32_t re = ((row->second[0] - OFF) << 2) >> shift, im = ((row->second[1] - OFF) << 2) >> shift;
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
    int32_t i = s->frames;
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
    s->frames = i;
    return event;
}

int32_t modem__follow(int32_t re, int32_t im, int32_t *work, int32_t *bins, const uint8_t *wave)
{
    struct state *s = (struct state *)work;
    int32_t energy = (s->energy[0] + s->energy[1]) << 4, shift = 0;
    s->fill = 0;
    for (; energy > 0x7FFFFF; energy >>= 2)
        shift++;
    struct hit found = find(s, (const struct row *)bins, energy, shift);
    int32_t now = s->tone;
    if (!now && !found.tone)
        return 0;
    re = found.re;
    im = found.im;
    if (!now) {
        s->tone = found.tone;
        s->pause = s->since;
        s->turned = s->said = s->frames = s->shift = s->sum = s->wave_re = s->wave_im = 0;
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
        s->frames = 0;
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
