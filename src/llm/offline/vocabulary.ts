import type { Category } from '../../schemas/result.ts';

/** What an entry counts: `strong` says what somebody wants, `medium` what it is about, `weak` only tips the scales. */
export const WEIGHTS = { strong: 6, medium: 3, weak: 1 } as const;
export type Strength = keyof typeof WEIGHTS;

/**
 * What people write when they mean a category: words and phrases, separated by commas. `charg*` stands for every word
 * that begins so. Case, apostrophes, articles and possessives do not matter ("change my e-mail" is "change email"), and
 * the spellings of log-in, e-mail and negations are one (see words.ts).
 */
export const VOCABULARY: Record<Category, Record<Strength, string>> = {
  'auth/login': {
    strong: `
      not log* in, not log* on, not sign* in, not get in, not get back in, not access my account, not verify,
      able to log in, able to sign in, unable to log in, unable to sign in, unable to access my account,
      trouble logging in, trouble signing in, problem* logging in, problem* signing in, login loop, no way in,
      let me log in, let me sign in, let me in, lets me in, let me back in, let him in, let her in, back in, back into,
      can get into, get into my account, access to my account, lost access, regain access, restore access,
      locked out, lock* me out, lock* us out, shut out, thrown out, throws me out, kick* me out, kicked out,
      log* me out, logged out, sign* me out, signed out, session expire*, session has expired, session timeout,
      account is locked, account was locked, account has been locked, unlock*, account is blocked,
      account is suspended, account is disabled, account was disabled, account has been disabled,
      too many attempts, too many tries, failed attempts, login attempts, hacked,
      forgot my password, forgotten my password, reset my password, password reset, reset link, reset email, reset mail,
      new password, wrong password, invalid password, incorrect password, refus* my password, accept my password,
      reject* my password, password is not accepted, password does not work, password not work*, password will not work,
      invalid credentials, wrong credentials, no such user, user not found, unknown user, recogni* me, not recogni*,
      does not know me, get past, gets past, sent back to, back to the login, stuck at the login, stuck on the login,
      asks me to sign in, asks me to log in, asking me to sign in, asking me to log in, secret question,
      security question*, prove my identity, prove who i am, no code, code never, code does not, code is wrong,
      code is invalid, invalid code, code was rejected, code is rejected, code is not accepted, code is never accepted,
      receive the code, received the code, get the code, link expired, link has expired, activation link,
      activation email, lost my phone, stolen phone, phone was stolen, broke my phone, never reached me
    `,
    medium: `
      log* in, sign* in, log* on, log* out, sign* out, get in, gets in, got in, getting in, login*, session*,
      start over, password*, passcode*, passphrase*, passkey*, forgot, forgotten, credential*, caps lock, wrong attempts,
      2fa, mfa, two factor, two step, multi factor, second factor, authenticat*, totp, otp, one time code*,
      one time password*, verification code*, verification email, verification mail, verification link,
      confirmation mail, confirmation email, security code*, sms code*, digit code*, recovery code*, backup code*,
      magic link*, text message*, token*, sso, single sign on, saml, okta, oauth, ldap, active directory, azure ad,
      entra, identity provider, with google, captcha, face id, touch id, face recognition, fingerprint, biometric*,
      security key*, new phone, old phone, new device, another device, new laptop, new computer, remember me,
      suspicious, access denied, unauthori*, blocked, reject*
    `,
    weak: `
      code, codes, locked, lock, username, expired, spam folder, junk folder, reset, register*, phone, device, sms,
      remember, typed, redirect*, pin
    `,
  },
  billing: {
    strong: `
      refund me, want a refund, request a refund, like a refund, get a refund, full refund, partial refund, money back,
      pay me back, paid back, reimburs*, chargeback, credited, credit note*, back to my card, back on my card,
      overcharg*, double charge*, charged twice, charged again, charged me, charged us, been charged, were charged,
      was charged, charge on, charged for, stop charging, keep charging, unauthorized charge, unknown charge,
      billed twice, billed me, billed us, been billed, debit*, deducted, withdrawn, withdrawal*, took money, take money,
      money was taken, was taken from, taken from my card, taken from my account, taken out of my account,
      wrong amount, too much money, paid twice, pay twice, paid too much, paying for, already paid,
      card declined, card was declined, card is declined, card was rejected, card expired,
      payment failed, payment declined, payment did not go, update my card, new card, change my card,
      payment method*, payment details, payment reminder*, pay by, pay with, pay via, pay yearly, pay monthly,
      pay annually, bank transfer, wire transfer, cancel my subscription, end my subscription, stop my subscription,
      cancel my plan, cancel my trial, cancel the contract, end the contract, stop the contract, auto renew*, downgrad*,
      prorat*, prepaid, invoice for, copy of the invoice, invoice is wrong, correct the invoice, resend the invoice,
      vat number, vat id, tax id, tax number, tax office, purchase order, billing address, price increase*,
      price went up, prices went up, raise* the price, how much do we pay, how much do i owe, student discount,
      reduced rate, settle the difference, pay the difference
    `,
    medium: `
      refund*, invoice*, receipt*, charge*, charging, billing, billed, bill, bills, payment*, pay, paid, paying,
      payable, unpaid, credit card, debit card, bank card, card, on my card, paypal, stripe, direct debit, sepa, iban,
      bank, statement, cheque*, transaction*, remittance, instalment*, installment*, vat, tax, taxes, reverse charge,
      subscription*, subscrib*, renew*, contract, package, plan, plans, tier, tiers, tariff, upgrad*, trial,
      discount*, coupon*, promo*, voucher*, rebate, pricing, price*, fee, fees, cost*, cheaper, expensive, budget,
      spent, money, currency, usd, eur, euro, euros, dollar*, pounds, cents, percent, month, per year, quarterly, purchas*,
      order number, checkout, overdue, dunning, outstanding, owe, owed, settle, accounting, accounts department,
      accountant*, bookkeep*, finance, net amount, gross amount, reissue*
    `,
    weak: `
      amount*, sum, cancel*, annual*, yearly, monthly, year, quarter, seats, licen*, twice, credit, bought, balance,
      expense*
    `,
  },
  bug: {
    strong: `
      bug, buggy, error message*, throws an error, get an error, gives an error, shows an error, internal error,
      server error, exception, stack trace, went wrong, crash*, glitch*, corrupt*, garbled, regression, reproduc*,
      does not work, do not work, did not work, not working, not work anymore, stopped, stops working, used to work,
      worked before, worked until, worked yesterday, fine until, no longer work*, no longer show*, no longer open*,
      no longer load*, fails, failed, failing, freez*, frozen, froze, hangs, unresponsive, not respond*, not react*,
      does nothing, nothing happens, blank page, blank screen, white screen, white page, black screen,
      not load*, never loads, never finishes, not saved, not saving, does not save, not showing, not shown,
      does not show, not appear*, does not display, not updating, does not update, not sync*, out of sync,
      does not open, will not open, will not load, will not start, unable to open, unable to save, unable to print,
      unable to upload, unable to download, unable to export, unable to send, shuts down, closes itself, app closes,
      app quits, resets itself, disappear*, timed out, times out, very slow, so slow, too slow, painfully slow, slower,
      crawl*, takes forever, takes ages, takes minutes, drain*, data loss, not arriv*, never shows,
      never appears, can not be found, not be found, finds nothing, no results, zero results, only the first,
      off by one, hour off, hour ahead, hours ahead, hour behind, hours behind, wrong date, wrong time, wrong day,
      wrong order, wrong total, wrong result*, wrong place, shows the wrong, not match, not add up, not counted,
      not right, supposed, cut off, cuts off, comes twice, come twice, shows up twice, listed twice, appears twice, sent twice,
      double entries, mixed up, out of order, upside down, pops up, jumps back, without anybody, without anyone,
      until the latest, since the latest, since the last
    `,
    medium: `
      bugs, error*, failure*, broken, breaks, broke, malfunction*, unusable, unexpected*, weird, strange, odd,
      slow, slowly, sluggish, lag, lags, laggy, stuck, stays at, progress bar, spinner, spins, spinning, loop, endless*,
      infinite, delayed, timeout*, cpu, battery, wrong, incorrect*, missing, duplicate*, doubled, vanish*, was gone,
      were gone, is gone, are gone, blank, empty, invisible, truncated, overlap*, unreadable, misaligned, flicker*,
      shifted, scrambled, rotated, swapped, question marks, jumps, quits, kills, ignores, no effect, no reaction,
      nothing changes, over and over, instead of, off by, will not, does not, no longer, never arrive*, any more, although,
      not open, not save, not print, not upload, not download, not import, not attach, not send, not sent, not scroll,
      not click*, not finish, not refresh, not play, not connect, not arrive, not render, not find,
      after the update, since the update, latest update, last update, latest version, new version, since yesterday,
      since this morning, since last night, since last week, since monday, since tuesday, since wednesday,
      since thursday, since friday, when i click, whenever i, as soon as, every time i, each time i, documentation,
      403, 404, 500, 502, 503, 504
    `,
    weak: `
      problem*, issue*, page, screen, button, click*, upload*, download*, browser, chrome, firefox, safari, edge,
      android, iphone, ipad, ios, windows, mac, console, screenshot, refresh*, reload*, every time, sometimes,
      randomly, suddenly, expected, tried, loads, loading, load, lost, gone, keeps, shows, instead, though, printer*,
      memory, never, tiny, hidden, delay, late
    `,
  },
  feature_request: {
    strong: `
      feature request, feature suggestion, suggestion*, enhancement*, improvement*, roadmap, wishlist, wish list,
      would be great, would be nice, would be good, would be helpful, would be useful, would be awesome,
      would be lovely, would be cool, would be amazing, would be fantastic, would be handy, would be wonderful,
      would be perfect, would be brilliant, would help us, would help me, would help a lot, would save, would make,
      would let me, would let us, would allow, would love, would like to see, would like to be able, would pay extra,
      i wish, we wish, i miss, we miss, it is a pity, missing feature, missing so far, lack of, lacks, dark mode,
      please add, please consider, please support, please build, please make it, please let me, please let us,
      please bring back, you add, you consider, you build, you introduce, you implement, could you offer,
      you should offer, you should add, you should have, consider adding, build in, put it in, make it so,
      make it possible, support for, add support, adding support, integration with, integrate with,
      add an option, add a way, option, ability, being able to, should be able to, let me choose, let us choose,
      let people, let users, allow us to, allow users to, without having to, could do with, no way to,
      there is no option, there is no way, why is there no, you do not offer, not support*, not possible yet,
      not have yet, not offer yet, not there yet, any plans, plans to add, plan to add, plan to support,
      planning to add, next release, thought, thoughts, have you ever considered, ever thought
    `,
    medium: `
      feature*, idea, ideas, suggest, adding, integrat*, plugin*, customi*, configurable, more flexible, extend*,
      translat*, bulk, undo, keyboard shortcut*, dark theme, night mode, automatically, is there a way, any way to,
      is it possible, would it be possible, could you make, can you make, could we have, can we have, could we get,
      can we get, could there be, can there be, why can not i, there is no, have to manually, by hand, one by one,
      would need, we need, would rather, would prefer, would like, you should, let us, choose, larger, bigger,
      if only, if i could, if we could, how about, what about, why not, maybe, any chance, at present, so far,
      in future, version of the, next version, other tools, every other, upvote, vote for
    `,
    weak: `
      add, could, allow*, template*, shortcut*, manually, widget*, webhook*, api, slack, zapier, calendar, filter*,
      drag and drop, reminder*, tags, recurring, offline, schedul*, at the moment, currently, nice, wish, need*,
      would be, languages, want
    `,
  },
  account: {
    strong: `
      delete my account, deleting my account, account deleted, account deletion, close my account, account closed,
      closing my account, remove my account, remove me, deactivat*, delete everything, delete my data, delete all,
      erase*, erasure, wipe*, forget me, out of your system, gdpr, ccpa, article 15, data protection,
      right to be forgotten, export my data, export of my data, data export, copy of my data, copy of everything,
      download my data, download everything, all data, hold about me, know about me, store about me, stored about me,
      keep about me, change my email, changing my email, update my email, new email, different email, another email,
      other email, change my address, new address, change my name, update my name, correct my name, name is misspelled,
      my new name, last name, legal name, surname, maiden name, married, divorced, display name, change my username,
      account settings, invite, withdraw the invitation, add a colleague, add a member, add a new member,
      remove a member, remove members, add a user, remove a user, remove users, remove him, remove her,
      make him, make her, make someone, give him, give her, which role, what role, admin rights, read rights,
      permission level, new administrator, new owner, change the owner, transfer ownership, transfer my account,
      take over, hand over, handed over, hand her, hand them, merge, merging, two accounts, both accounts,
      second account, left the company, leaving the company, former employ*, former colleague, parental leave,
      on leave, passed away, died, deceased, inherit*, heir
    `,
    medium: `
      profile*, profile picture*, profile photo*, avatar*, nickname, own name, company name, rename*, personal data,
      personal information, contact details, phone number, mail address, work address, private address,
      personal address, old address, email preferences, notification settings, files, invit*, team member*, member*,
      guest*, role, roles, admin*, owner*, transfer*, permission*, rights, read only, only see, see only, workspace*,
      organization, organisation, colleague*, coworker*, employees, staff, new user*, new employee, new hire,
      new starter, intern, assistant, substitute, deputy, successor, predecessor, has left, has quit, joins, joined,
      remove mr, remove ms, combine
    `,
    weak: `
      account, accounts, email address, team, user, users, export*, delete*, remove*, data, language, time zone,
      settings, copy, stored, switch, access
    `,
  },
  other: {
    strong: `
      wanted to say, wanted to thank, want to thank, say thank you, like to thank, keep up the, great job, great work,
      good job, kudos, shout out, hats off, congratulat*, well done, compliment*, pass on my thanks, made my day,
      can be closed, close this ticket, no need to reply, no reply needed, never mind, nevermind, false alarm,
      no action needed, no action required, nothing to do, nothing for you to do, gone away, by itself, so you know,
      looking for a, looking around, evaluating, before we buy, before buying, before we sign up, before signing up,
      thinking of buying, thinking about buying, not a customer, not yet a customer, sales team, talk to sales,
      speak to sales, book a demo, arrange a demo, give us a demo, show it to us, security questionnaire, soc 2,
      iso 27001, opening hours, office hours, reach you, call you, job opening*, open position*, open role*, career*,
      hiring, internship*, apprenticeship, practical training, vacanc*, job application, recruit*, journalist*,
      reporter, press office, press inquir*, press enquir*, press request*, press release*, media kit, interview*,
      magazine, newspaper, radio station, podcast*, may i quote, may we quote, can i use a, university, thesis,
      dissertation, seminar, invite you, invitation to speak, trade fair, trade show, exhibition, booth, brochure*,
      sticker*, t shirt*, merchandise, business people, partnership*, partner with, sponsor*, affiliate*, reseller*,
      seo, backlink*, guest post*, search ranking*, web design, we can help you, lottery, casino, crypto*, bitcoin,
      prize, wrong person, wrong address, wrong company, wrong department, never used your, meant for someone else,
      meant for somebody else, auto reply, automatic reply, out of office
    `,
    medium: `
      happy with, very happy, angel, lifesaver, legend, delighted, impressed, praise, quick reply, quick answer,
      friendly, you guys, rock, best tool, solved, resolved, sorted, everything in order, do you offer, do you have,
      do you ship, comparing, comparison, compare, competitor*, vendor*, supplier*, prospective, interested in,
      suit us, suits us, suited for, suitable for, demo, certified, certification*, iso, linux, data cent*, servers,
      where are you, headquarter*, country, visit*, job, jobs, position, apply, applying, article, blog, student*,
      school, research*, study, survey, lecture, cite*, quote*, conference, fair, event, meetup, webinar, speaker, logo,
      brand*, collaborat*, cooperat*, partner*, agency, marketing, marketed, business, traffic, proposal, opportunity,
      potential, in charge of, whom, wrong number, test message, newsletter, happy holidays, christmas
    `,
    weak: `
      great, love, amazing, awesome, fantastic, wonderful, kind, question, curious, wondering, offer, hosted, boss,
      thank*, grateful, office
    `,
  },
};
