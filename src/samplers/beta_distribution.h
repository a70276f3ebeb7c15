// The beta distribution's quantile function: scipy.stats.beta.ppf.
#pragma once

namespace pentimento {

// x in [0,1] below which a share p in [0,1] of Beta(a, b) lies; a, b > 0. Good to 1e-14.
double beta_quantile(double p, double a, double b);

}  // namespace pentimento
