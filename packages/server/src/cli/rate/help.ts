/** What `muster rate --help` says below the options: formats, shapes, examples, and how predictions are counted. */
export const details = `FILE is one of
  CSV          with the header at,a,b,score_a; score_a is 1 (a won), 0.5 (a draw) or 0
               (b won); the column at may be missing
  JSON lines   {"at": "2026-01-31T12:00:00Z", "teams": [["ann", "bob"], ["cid", "dee"]],
               "ranks": [1, 2]}, for any number of teams of any size; lower ranks are
               better, equal ranks a draw; at may be missing
Games are rated in the order in which they stand. A line that cannot be used is refused
with its number and the reason, and nothing is printed.

  muster rate results.csv --system glicko2 --top 20
  muster rate results.csv --system elo --with k=24,expectation=logistic --json
  zcat results.jsonl.gz | muster rate - --system openskill

Each game is predicted before it is rated, and the predictions are counted after the
first fifth of the games, in which nobody is known yet.
  accuracy     the share of games in which the favourite came first; an even prediction
               is half right; games without a sole winner are left out
  log-loss     the mean of -ln of the chance given to what happened; a draw counts as
               half a win to each team

--json prints
  {system, parameters, games, players, predicted, predicted_draws, accuracy, log_loss,
   log_loss_guessing, ratings: [{rank, name, ..., points, standing, games, won, drawn,
   lost}]}
where ... is rating for elo; rating, rd, volatility for glicko2; mu, sigma for openskill.
points is the strength on the scale that matchmaking uses, standing what leaderboards
sort by. won is a sole first place, drawn a shared one. Numbers are not rounded.

--game takes one game as JSON: its system, its players (a list; a list within it is a
team) and their ranks (left out: as named, the winner first). A player is a rating, a name,
or an object of an id and the fields of its system; what is missing is a newcomer's.
Parameters of the system stand beside them. It prints
  {system, parameters, prediction, players: [{id, rank, ..., delta, before, games}]}
Two teams may be written a, b, score_a or winner, loser as well; and for glicko2
{player, period: [{rating, rd, score}]} is a rating period of several games.

  muster rate --game '{"system":"elo","k":40,"players":[1500,1900],"ranks":[1,2]}'
  muster rate --game '{"system":"openskill","players":[["ann","bob"],["cid",{"mu":31,"sigma":2}]]}'
  muster rate --game '{"system":"glicko2","players":[{"rating":1500,"rd":200},1400],"ranks":[1,1]}'

Parameters and their defaults:
  elo          initial 1500, k 32, expectation fide (or logistic), differenceMax 400
  glicko2      initial 1500, deviation 350, volatility 0.06, tau 0.5, volatilityMax 0.1,
               periodDays 0 (time is ignored)
  openskill    mu 25, sigma 25/3, beta 25/6, tau 1/12, kappa 0.0001, limitSigma false

It ends with 0, or with 2 if something it was given cannot be used.`
